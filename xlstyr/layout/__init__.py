"""The workbook definition: kinds, expressions, raw rows, parse (RawBook → Submission + findings)."""
