' Vår egen del av modulen: det enda som startar något, och det som säger till när det inte går.
' En knapp är bara ett namn. Vad som körs för den, och för vilka namn, bestämmer xlstyr.addin.pressed.

Public Sub RunPython(knapp As String)
    Dim python As String
    If TypeName(Application.Caller) = "Range" Then Exit Sub
    If knapp = "" Or knapp Like "*[!a-z]*" Then Exit Sub
    If ActiveWorkbook Is Nothing Then
        MsgBox "Öppna en arbetsbok och tryck på knappen igen. Står det Skyddad vy ovanför bladet: tryck först på Aktivera redigering.", 48, "xlstyr"
        Exit Sub
    End If
    On Error GoTo Fel
    #If Mac Then
        python = GetConfig("INTERPRETER_MAC")
    #Else
        python = GetConfig("INTERPRETER_WIN")
    #End If
    If python = "" Then
        IngenPython
        Exit Sub
    End If
    ' Esc ska höras av Python, inte bryta makrot. Excel ställer tillbaka det av sig självt.
    Application.EnableCancelKey = 0
    #If Mac Then
        StartaMac knapp, python
    #Else
        StartaWindows knapp, python
    #End If
    Exit Sub
Fel:
    MsgBox "Knappen gick inte att köra (" & Err.Description & "). Be IT köra: xlstyr doctor", 16, "xlstyr"
End Sub

' Väntar tills Python är klart. Det som Python inte kunde säga i ett eget meddelande hamnar i en fil, som visas.
Private Sub StartaWindows(knapp As String, python As String)
    Dim logg As String, flytt As String, rad As String
    If Not FileExists(python) Then
        IngenPython
        Exit Sub
    End If
    logg = Environ("TEMP") & "\xlstyr-" & CreateGUID() & ".log"
    ' Pythons egen mapp, där dess bibliotek hittas; på en nätverksplats behövs en tillfällig enhet för det.
    If Left$(python, 2) Like "[A-Za-z]:" Then
        flytt = Left$(python, 2) & " & cd """ & ParentFolder(python) & """ & "
    ElseIf Left$(python, 2) = "\\" Then
        flytt = "pushd """ & ParentFolder(python) & """ & "
    End If
    rad = """" & python & """ -P -B -m xlstyr.addin.pressed " & knapp & " --engine=excel --hwnd=" & Application.Hwnd & _
        " --book=" & Kodad(ActiveWorkbook.FullName)
    If WScript.Run(Environ("SystemRoot") & "\System32\cmd.exe /C " & flytt & rad & " 2> """ & logg & """", 0, True) <> 0 Then
        VisaFel logg
    End If
    On Error Resume Next
    Kill logg
End Sub

' På en Mac når Python inte Excel medan ett makro kör, så Python körs vid sidan av. CleanUp körs när Python är klart.
Private Sub StartaMac(knapp As String, python As String)
    #If Mac Then
        Dim logg As String
        logg = Environ("HOME") & "/xlstyr.log"
        On Error Resume Next
        Kill logg
        On Error GoTo 0
        Application.StatusBar = "Arbetar …"
        If AppleScriptTask("xlstyr.applescript", "StartaPython", ToPosixPath(python) & "|" & knapp & "|" & _
                Kodad(ActiveWorkbook.FullName) & "|" & logg) <> "" Then IngenPython
    #End If
End Sub

' Namnet är xlwings: det kör CleanUp på en Mac när Python slutar.
Private Sub CleanUp()
    #If Mac Then
        Dim logg As String
        logg = Environ("HOME") & "/xlstyr.log"
        VisaFel logg
        If Application.StatusBar = "Arbetar …" Then Application.StatusBar = False
        Application.ScreenUpdating = True
        On Error Resume Next
        Kill logg
    #End If
End Sub

Private Sub IngenPython()
    MsgBox "{no_python}", 16, "xlstyr"
End Sub

' Det som står i filen är Pythons eget och på engelska; det är till för den som ska hjälpa till.
Private Sub VisaFel(fil As String)
    Dim nummer As Integer, rad As String, text As String
    On Error Resume Next
    nummer = FreeFile
    Open fil For Input As #nummer
    If Err.Number = 0 Then
        Do While Not EOF(nummer)
            Line Input #nummer, rad
            text = Right$(text & vbLf & rad, 700)
        Loop
        Close #nummer
    End If
    #If Mac Then
        If text = "" Then Exit Sub
    #End If
    MsgBox "Knappen gick inte att köra. Be IT köra xlstyr doctor, och visa det här:" & vbLf & text, 16, "xlstyr"
End Sub

{coded}
