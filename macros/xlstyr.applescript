-- Startar Python när en knapp i Excel för Mac trycks. Allt som kan komma från en arbetsbok (dess namn) citeras,
-- så att skalet läser det som text och aldrig som ett kommando.

on VbaHandler(parameterText)
	set oldDelimiters to AppleScript's text item delimiters
	set AppleScript's text item delimiters to "|"
	set parts to text items of parameterText
	set searchPath to item 1 of parts
	set interpreter to item 2 of parts
	set pythonCommand to item 3 of parts
	set bookName to (items 4 thru -3 of parts) as text
	set programPath to item -2 of parts
	set logPath to item -1 of parts
	set AppleScript's text item delimiters to oldDelimiters

	set pythonCode to "import xlwings.utils;xlwings.utils.prepare_sys_path('" & searchPath & "');" & pythonCommand
	set shellCommand to quoted form of interpreter & " -P -B -u -W ignore -c " & quoted form of pythonCode & ¬
		" " & quoted form of ("--wb=" & bookName) & " --from_xl=1 " & quoted form of ("--app=" & programPath) & ¬
		" > /dev/null 2> " & quoted form of logPath & " &"
	try
		return do shell script shellCommand
	on error
		return 1
	end try
end VbaHandler
