"""The add-in: its project, its package, what it lets in, and the engine that runs its buttons in LibreOffice."""
