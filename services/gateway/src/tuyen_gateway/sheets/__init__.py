"""Tables that people make with a spreadsheet: they are read from files and written to files."""
