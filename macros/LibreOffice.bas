Attribute VB_Name = "xlwings"
Option Explicit
' RunPython för en styrbok som används i LibreOffice: kör knappens funktion i Python utan att vänta på den.
' Vilken Python och vilken LibreOffice det gäller kommer från den som öppnade styrboken (xlstyr addin open), aldrig från en arbetsbok.
' En knapp är bara ett namn. En Sub går inte att anropa från en ruta; det skulle en Function göra.

Public Sub RunPython(knapp As String)
    Dim python As String
    If knapp = "" Or knapp Like "*[!a-z]*" Then Exit Sub
    python = Environ("XLSTYR_PYTHON")
    If python = "" Or Environ("XLSTYR_OFFICE_PIPE") = "" Then
        MsgBox "Knapparna fungerar i LibreOffice när styrboken är öppnad med kommandot: xlstyr addin open", 48, "xlstyr"
        Exit Sub
    End If
    Shell Chr(34) & python & Chr(34) & " -P -m xlstyr.addin.pressed " & knapp & " --engine=libreoffice --book=" & Kodad(ConvertFromURL(ThisComponent.URL))
End Sub

{coded}
