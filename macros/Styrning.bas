Attribute VB_Name = "Styrning"
Option Explicit
' Knapparna på fliken Styrning och i styrbokens panel. Var och en kör en funktion i Python; allt annat finns där.
' Subarna tar emot flikens knapp men klarar sig utan: då har en knapp i ett blad tryckts.

Private flik As Object

Public Sub SkapaMallar(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.create()"
End Sub

Public Sub Skicka(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.send()"
End Sub

Public Sub HamtaIn(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.collect()"
End Sub

Public Sub Kontrollera(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.check()"
End Sub

Public Sub RullaUpp(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.rollup()"
End Sub

Public Sub Konsolidera(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.consolidate()"
End Sub

Public Sub Lage(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.status()"
End Sub

Public Sub FoljSiffran(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.follow()"
End Sub

Public Sub Fraga(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.query()"
End Sub

Public Sub Hjalp(Optional control As Object)
    RunPython "from xlstyr.addin import buttons; buttons.help_()"
End Sub

' Medan något körs väntar Excel. Avbryt lägger därför bara en flagga bredvid styrboken, som Python ser mellan två noder.
Public Sub Avbryt(Optional control As Object)
    Dim nummer As Integer
    If ThisWorkbook.Path = "" Then Exit Sub
    nummer = FreeFile
    Open ThisWorkbook.Path & Application.PathSeparator & ".avbryt" For Output As #nummer
    Close #nummer
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
    svar = (Slag() = "control" Or Slag() = "node")
End Sub

Public Sub GarAttFolja(control As Object, ByRef svar)
    svar = (Slag() = "rollup")
End Sub

' Vad den aktiva arbetsboken är enligt sin märkning: control, node, rollup eller inget.
Public Function Slag() As String
    Dim text As String, streck As Long
    On Error Resume Next
    text = ActiveWorkbook.Names("xlstyr_identity").RefersTo
    On Error GoTo 0
    text = Replace(Replace(text, "=", ""), """", "")
    streck = InStr(text, "|")
    If streck > 1 Then Slag = Left$(text, streck - 1)
End Function
