"""Messages out and in: the only room that knows e-mail. Nothing here reads a workbook or touches the register."""
