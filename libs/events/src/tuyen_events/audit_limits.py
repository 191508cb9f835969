"""Limits of the audit and of reports (R9.5)."""

AUDITED_AGAIN_S = 60
"""What somebody repeats within this time is counted, and is one entry of the audit."""

REFUSALS_AUDITED_AN_HOUR = 60
"""Entries of the audit within an hour about what one agent was refused, and about all who are
nobody together. Whatever more is refused is counted in the entries that follow."""

LOGINS_AUDITED_AN_HOUR = 200
"""Logins and logouts within an hour that the audit records of each agent, at each gateway. The rest
is in the log of the service."""

REPORTS_AT_ONCE = 4
"""Reports that one gateway reads and writes at the same time; of one organization, one."""

REPORT_ROWS = 25_000
"""Rows of one report."""

REPORT_DAYS = 3_660
"""Of one report: some ten years."""
