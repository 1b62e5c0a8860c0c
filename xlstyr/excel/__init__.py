"""The only room that knows spreadsheet files: drawing by specimen and stamp, reading, typing answers."""
