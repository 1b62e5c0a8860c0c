' Runs inside LibreOffice: each object that goes over to Python costs as much as ten values, so what takes many stays here.

' Puts a note on oCell.
Function AddNote(ByVal oCell, ByVal sText)
  oCell.Spreadsheet.Annotations.insertNew(oCell.CellAddress, sText)
End Function

' Makes oCell a link to sUrl that shows sText.
Function Link(ByVal oDocument, ByVal oCell, ByVal sUrl, ByVal sText)
  oField = oDocument.createInstance("com.sun.star.text.TextField.URL")
  oField.URL = sUrl
  oField.Representation = sText
  oCell.setString("")
  oCell.insertTextContent(oCell.createTextCursor(), oField, False)
End Function

' (kind, ranges) for each look of oArea that shows numbers as dates (2) or truth values (1024); the others are empty.
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
  ShownAs = aFound
End Function
