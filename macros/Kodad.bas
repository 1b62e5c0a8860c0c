' En sökväg som inget skal kan läsa som något annat: allt utom bokstäver a–z och siffror skrivs med fyra tecken efter ett streck.
Private Function Kodad(text As String) As String
    Dim plats As Long, tecken As String, svar As String
    For plats = 1 To Len(text)
        tecken = Mid$(text, plats, 1)
        If tecken Like "[A-Za-z0-9]" Then
            svar = svar & tecken
        Else
            svar = svar & "-" & Right$("000" & Hex$(AscW(tecken)), 4)
        End If
    Next
    Kodad = svar
End Function
