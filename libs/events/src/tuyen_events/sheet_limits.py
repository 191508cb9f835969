"""Limits of files with tables, which are imported (C9, R9.5)."""

SHEET_BYTES = 20 * 1024 * 1024
"""The size of a file as it is uploaded."""

SHEET_UNPACKED_BYTES = 192 * 1024 * 1024
"""What all parts of an XLSX file have together, unpacked."""

SHARED_TEXTS_BYTES = 64 * 1024 * 1024
"""The part of an XLSX file with the texts that cells share; it is in memory while the file is
read. 100,000 rows of which each has ten texts of its own have 34 MB of them."""

WHOLE_PART_BYTES = 8 * 1024 * 1024
"""Any other part of an XLSX file that is in memory while it is read, such as its styles."""

PACKED_TIMES = 200
"""How many times longer than in the file a part may be; only parts above a megabyte count."""

SHEET_PARTS = 1_000
"""Files inside an XLSX file."""

SHEET_ROWS = 200_000
"""Rows that are not empty."""

SHEET_LINES = 1_048_576
"""Rows, empty ones among them: as many as Excel has."""

SHEET_CHARACTERS = 100_000_000
"""The texts of all cells together. 100,000 rows with 30 columns of 20 characters each have 60
million."""

SHEET_COLUMNS = 200
"""Columns of a table."""

CELL_CHARACTERS = 32_767
"""The text of one cell: as many as Excel allows."""

ROW_ERRORS_LISTED = 1_000
"""Errors of rows that a preview lists; all rows are counted."""

SHEETS_AT_ONCE = 4
"""Files that one gateway reads or writes at the same time; of one organization, one."""

SHEET_CPU_S = 120
"""Processor time for one file. 100,000 rows with 30 columns take about half of it."""

SHEET_MEMORY_BYTES = 640 * 1024 * 1024
"""Memory of the process that reads or writes one file. A million texts that cells share take some
240 MB."""

SHEET_WITHIN_S = 300
"""Time for one file, from its turn on."""

SHEET_READS_AN_HOUR = 200
"""Uploads and previews of one organization, at each gateway."""

EXPORT_FILES_AT_ONCE = 8
"""Files of exports that one gateway writes at the same time; of one organization, one."""

EXPORT_FILES_AN_HOUR = 60
"""Files of exports of one organization, at each gateway."""

EXPORT_WITHIN_S = 1_800
"""Time to write one file of an export, from its turn on."""

IMPORT_KEPT_S = 7 * 24 * 3600
"""How long an import that was prepared is kept. Its file is kept for a day."""
