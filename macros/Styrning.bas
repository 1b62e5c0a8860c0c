Attribute VB_Name = "Styrning"
Option Explicit
' Knapparna på fliken Styrning och i styrbokens panel. Var och en är ett namn, vars funktion körs i Python.
' Subarna tar emot flikens knapp men klarar sig utan: då har en knapp i ett blad tryckts.

Private flik As Object

Public Sub SkapaMallar(Optional control As Object)
    RunPython "create"
End Sub

Public Sub Skicka(Optional control As Object)
    RunPython "send"
End Sub

Public Sub HamtaIn(Optional control As Object)
    RunPython "collect"
End Sub

Public Sub Kontrollera(Optional control As Object)
    RunPython "check"
End Sub

Public Sub RullaUpp(Optional control As Object)
    RunPython "rollup"
End Sub

Public Sub Konsolidera(Optional control As Object)
    RunPython "consolidate"
End Sub

Public Sub Lage(Optional control As Object)
    RunPython "status"
End Sub

Public Sub FoljSiffran(Optional control As Object)
    RunPython "follow"
End Sub

Public Sub Fraga(Optional control As Object)
    RunPython "query"
End Sub

Public Sub Hjalp(Optional control As Object)
    RunPython "help"
End Sub

' Lägger en flagga bredvid styrboken, som Python ser mellan två noder. Excel för Windows väntar medan något körs, och kan
' inte trycka på något: där är det Esc som avbryter.
Public Sub Avbryt(Optional control As Object)
    Dim nummer As Integer
    If ThisWorkbook.Path = "" Then Exit Sub
    On Error GoTo Fel
    nummer = FreeFile
    Open ThisWorkbook.Path & Application.PathSeparator & ".avbryt" For Output As #nummer
    Close #nummer
    Exit Sub
Fel:
    MsgBox "Det gick inte att avbryta (" & Err.Description & "). Arbetet fortsätter tills det är klart.", 48, "xlstyr"
End Sub

' Vilka knappar som går att trycka på beror på vilken arbetsbok som är framme.

Public Sub FlikLaddad(control As Object)
    Set flik = control
End Sub

Public Sub BytteBok()
    If Not flik Is Nothing Then flik.Invalidate
End Sub

Public Sub ArStyrbok(control As Object, ByRef svar)
    svar = (Slag() = "control")
End Sub

Public Sub GarAttKontrollera(control As Object, ByRef svar)
    svar = (Slag() <> "")
End Sub

Public Sub GarAttFolja(control As Object, ByRef svar)
    svar = (Slag() = "rollup")
End Sub

' Frågebladet läggs i vilken bok som helst, men inte i en enhets.
Public Sub GarAttFraga(control As Object, ByRef svar)
    svar = (Not ActiveWorkbook Is Nothing And Slag() <> "node")
End Sub

' Vad den aktiva arbetsboken är enligt sin märkning: control, node, rollup eller inget.
Private Function Slag() As String
    Dim text As String, streck As Long
    On Error Resume Next
    text = ActiveWorkbook.Names("xlstyr_identity").RefersTo
    On Error GoTo 0
    text = Replace(Replace(text, "=", ""), """", "")
    streck = InStr(text, "|")
    If streck > 1 Then Slag = Left$(text, streck - 1)
End Function
