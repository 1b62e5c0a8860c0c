"""The commands: the only room that knows click. Thin; everything they do is in rounds."""
