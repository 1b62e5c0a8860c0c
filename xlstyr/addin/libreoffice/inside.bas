' Runs inside LibreOffice: each object that goes over to Python costs as much as ten values, so what takes many stays here.
' Places are (column, row) counted from 0.

' (True, what the function sFunction gives), or (False, why it can't be done): an error that nobody takes care of would
' open a window and wait, while whoever asked waits for it. Always an array: what a function gave last it may give again.
Function Ask(ByVal sFunction, ByVal a)
  Dim vFound As Variant
  On Error GoTo Wrong
  Select Case sFunction
    Case "Looks": vFound = Looks(a(0), a(1))
    Case "SetLooks": SetLooks(a(0), a(1))
    Case "SetLinks": SetLinks(a(0), a(1), a(2))
    Case "SetWidths": SetWidths(a(0), a(1))
    Case "SetFormulas": vFound = SetFormulas(a(0), a(1), a(2), a(3))
    Case "UsedArea": vFound = UsedArea(a(0))
    Case "SeenRows": vFound = SeenRows(a(0), a(1), a(2), a(3))
    Case "ShownAs": vFound = ShownAs(a(0), a(1))
    Case "Front": Front(a(0))
    Case Else: GoTo Unknown
  End Select
  Ask = Array(True, vFound)
  Exit Function
Wrong:
  Ask = Array(False, Error$)
  Exit Function
Unknown:
  Ask = Array(False, sFunction)
End Function

' (colour, note) of each place; one more at the end is empty.
Function Looks(ByVal oSheet, ByVal aPlaces)
  Dim aFound(), i As Long
  ReDim aFound(UBound(aPlaces) + 1)
  For i = 0 To UBound(aPlaces)
    oCell = oSheet.getCellByPosition(aPlaces(i)(0), aPlaces(i)(1))
    aFound(i) = Array(oCell.CellBackColor, oCell.Annotation.String)
  Next i
  Looks = aFound
End Function

' Gives cells (column, row, colour, note); an empty colour or note is left as it is, and a note "" is taken away.
Sub SetLooks(ByVal oSheet, ByVal aLooks)
  Dim i As Long
  For i = 0 To UBound(aLooks)
    oCell = oSheet.getCellByPosition(aLooks(i)(0), aLooks(i)(1))
    If Not IsEmpty(aLooks(i)(2)) Then oCell.CellBackColor = aLooks(i)(2)
    If Not IsEmpty(aLooks(i)(3)) Then
      oCell.clearContents(com.sun.star.sheet.CellFlags.ANNOTATION)
      If aLooks(i)(3) <> "" Then oSheet.Annotations.insertNew(oCell.CellAddress, aLooks(i)(3))
    End If
  Next i
End Sub

' Makes cells links: (column, row, address, text).
Sub SetLinks(ByVal oDocument, ByVal oSheet, ByVal aLinks)
  Dim i As Long
  For i = 0 To UBound(aLinks)
    oCell = oSheet.getCellByPosition(aLinks(i)(0), aLinks(i)(1))
    oField = oDocument.createInstance("com.sun.star.text.TextField.URL")
    oField.URL = aLinks(i)(2)
    oField.Representation = aLinks(i)(3)
    oCell.setString("")
    oCell.insertTextContent(oCell.createTextCursor(), oField, False)
  Next i
End Sub

' Sets widths: (first column, last column, width in 1/100 mm), 0 to hide them.
Sub SetWidths(ByVal oSheet, ByVal aWidths)
  Dim i As Long
  For i = 0 To UBound(aWidths)
    oColumns = oSheet.getCellRangeByPosition(aWidths(i)(0), 0, aWidths(i)(1), 0).Columns
    oColumns.IsVisible = aWidths(i)(2) > 0
    If aWidths(i)(2) > 0 Then oColumns.Width = aWidths(i)(2)
  Next i
End Sub

' Writes formulas in Excel's English in oArea, (column, row, formula) from its corner; bSame: the first one everywhere,
' its references moved along. Gives the error of each; one more at the end is empty.
Function SetFormulas(ByVal oDocument, ByVal oArea, ByVal aFormulas, ByVal bSame)
  Dim aErrors(), i As Long
  ReDim aErrors(UBound(aFormulas) + 1)
  oParser = oDocument.createInstance("com.sun.star.sheet.FormulaParser")
  oParser.CompileEnglish = True
  oParser.FormulaConvention = com.sun.star.sheet.AddressConvention.XL_OOX
  For i = 0 To UBound(aFormulas)
    oCell = oArea.getCellByPosition(aFormulas(i)(0), aFormulas(i)(1))
    If i = 0 Or Not bSame Then aTokens = oParser.parseFormula(aFormulas(i)(2), oCell.CellAddress)
    oCell.setTokens(aTokens)
    aErrors(i) = oCell.getError()
  Next i
  SetFormulas = aErrors
End Function

' (first row, first column, last row, last column) of what is used, counted from 0.
Function UsedArea(ByVal oSheet)
  oCursor = oSheet.createCursor()
  oCursor.gotoStartOfUsedArea(False)
  oCursor.gotoEndOfUsedArea(True)
  oArea = oCursor.RangeAddress
  UsedArea = Array(oArea.StartRow, oArea.StartColumn, oArea.EndRow, oArea.EndColumn)
End Function

' (first row, last row) of each range that is seen from one row to another; one more at the end is empty.
Function SeenRows(ByVal oSheet, ByVal nFirst, ByVal nLast, ByVal nColumn)
  Dim aFound(), nRanges As Long, i As Long
  oSeen = oSheet.getCellRangeByPosition(0, nFirst, nColumn, nLast).queryVisibleCells()
  nRanges = oSeen.Count
  ReDim aFound(nRanges)
  For i = 0 To nRanges - 1
    oRange = oSeen.getByIndex(i).RangeAddress
    aFound(i) = Array(oRange.StartRow, oRange.EndRow)
  Next i
  SeenRows = aFound
End Function

' (kind, ranges) for each look of oArea that shows numbers as dates (2) or truth values (1024), the others are empty; at
' the end (0, ranges) of the formulas that come to an error.
Function ShownAs(ByVal oDocument, ByVal oArea)
  Dim nKind As Long, nLooks As Long, i As Long
  Dim aFound()
  oGroups = oArea.getUniqueCellFormatRanges()
  oFormats = oDocument.NumberFormats
  nLooks = oGroups.Count
  ReDim aFound(nLooks)
  For i = 0 To nLooks - 1
    oGroup = oGroups.getByIndex(i)
    nKind = oFormats.getByKey(oGroup.NumberFormat).Type
    If (nKind And 1026) <> 0 Then
      aFound(i) = Array(nKind, oGroup.RangeAddresses)
    End If
  Next i
  oErrors = oArea.queryFormulaCells(com.sun.star.sheet.FormulaResult.ERROR)
  If oErrors.Count > 0 Then aFound(nLooks) = Array(0, oErrors.RangeAddresses)
  ShownAs = aFound
End Function

' Brings the window of oDocument to the front, if it has one.
Sub Front(ByVal oDocument)
  oController = oDocument.CurrentController
  If Not IsNull(oController) Then
    oController.Frame.activate()
    oController.Frame.ContainerWindow.toFront()
  End If
End Sub
