Attribute VB_Name = "xlwings"
Option Explicit
' RunPython för en styrbok som används i LibreOffice: kör knappens funktion i Python utan att vänta på den.
' Vilken Python och vilken LibreOffice det gäller kommer från den som öppnade styrboken (xlstyr addin open), aldrig från en arbetsbok.

Public Function RunPython(kod As String)
    Dim python As String, rad As String
    python = Environ("XLSTYR_PYTHON")
    If python = "" Or Environ("XLSTYR_OFFICE_PIPE") = "" Then
        MsgBox "Knapparna fungerar i LibreOffice när styrboken är öppnad med kommandot: xlstyr addin open", 48, "xlstyr"
        Exit Function
    End If
    rad = Chr(34) & python & Chr(34) & " -P -m xlstyr.addin.pressed "
    Shell rad & Kodad(kod) & " --wb=" & Kodad(ActiveWorkbook.Name)
End Function

' Blanksteg och citattecken skulle dela raden på fel ställe.
Private Function Kodad(text As String) As String
    Dim svar As String
    svar = Replace(text, "%", "%25")
    svar = Replace(svar, " ", "%20")
    svar = Replace(svar, "'", "%27")
    Kodad = Replace(svar, Chr(34), "%22")
End Function
