"""The buttons of the control workbook, pressed with a mouse on a screen of their own."""
