"""Use cases on one planning round: a folder, its control workbook and its register."""
