"""How long and how many: every bound on what comes in, in one place.

Each is checked where the value comes in (a webhook, a request), so that nothing derived from it
grows past what a topic, a document or a worker can hold (R9.5, R9.6). `docs/limits.md` lists them
for callers.
"""

ID_CHARACTERS = 64
"""An id that a caller chooses."""

EXTERNAL_ID_CHARACTERS = 200
"""An id that a channel or a site chose."""

NAME_CHARACTERS = 200
"""A name that people read."""

URL_CHARACTERS = 2_048

NOTE_CHARACTERS = 1_000
"""Why something was done, in a person's words."""

ROW_TEXT_CHARACTERS = 500
"""What a row of a list shows of a text; the whole text stands in the thread."""

AGENTS = 2_000
"""Agents of one organization, and so members of a rule, a group, a page's staff."""

SESSIONS = 20
"""Devices of one agent that count at one time (R8.1)."""

CURSOR_CHARACTERS = 2_000
"""What continues a list; ours have some 600."""

READ_WITHIN_S = 3.0
"""How long a database may work for one caller who waits: a list, a count, a detail (R9.5)."""

WALK_WITHIN_S = 20.0
"""How long it may work for one step of a job, or to count what a job is about."""
