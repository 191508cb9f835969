"""Limits of files with tables, which are imported (C9, R9.5)."""

SHEET_BYTES = 20 * 1024 * 1024
"""The size of a file as it is uploaded."""

SHEET_UNPACKED_BYTES = 192 * 1024 * 1024
"""What all parts of an XLSX file have together, unpacked."""

WHOLE_PART_BYTES = 64 * 1024 * 1024
"""A part of an XLSX file that is in memory while it is read, such as the texts that cells share."""

PACKED_TIMES = 200
"""How many times longer than in the file a part may be; only parts above a megabyte count."""

SHEET_PARTS = 1_000
"""Files inside an XLSX file."""

SHEET_ROWS = 200_000
"""Rows that are not empty."""

SHEET_COLUMNS = 200
"""Columns of a table."""

CELL_CHARACTERS = 32_767
"""The text of one cell: as many as Excel allows."""

ROW_ERRORS_LISTED = 1_000
"""Errors of rows that a preview lists; all rows are counted."""

PREVIEWS_AT_ONCE = 2
"""Files whose rows one gateway reads for previews at the same time; of one organization, one."""

PREVIEWS_AN_HOUR = 200
"""Previews of one organization, at each gateway."""

IMPORT_KEPT_S = 7 * 24 * 3600
"""How long an import that was prepared is kept. Its file is kept for a day."""
