-- Startar Python när en knapp i Excel för Mac trycks. Det som skickas hit är knappens namn och var arbetsboken ligger, kodat;
-- allt citeras ändå, så att skalet läser det som text och aldrig som ett kommando.

on StartaPython(parameterText)
	set oldDelimiters to AppleScript's text item delimiters
	set AppleScript's text item delimiters to "|"
	set {interpreter, buttonName, bookPath, logPath} to text items of parameterText
	set AppleScript's text item delimiters to oldDelimiters

	set shellCommand to quoted form of interpreter & " -P -B -u -W ignore -m xlstyr.addin.pressed " & ¬
		quoted form of buttonName & " --engine=excel " & quoted form of ("--book=" & bookPath) & ¬
		" > /dev/null 2> " & quoted form of logPath & " &"
	try
		return do shell script shellCommand
	on error
		return "1"
	end try
end StartaPython
