"""A second opinion on the workbooks: LibreOffice, and edits made without any library."""
