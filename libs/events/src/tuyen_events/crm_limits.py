"""Limits of the CRM (R9.5)."""

MANUAL_VIEWERS = 200
"""Agents with whom one contact is shared manually."""

AGENTS_OF_SHARING_RULE = 200
SHARING_RULES_OF_CAMPAIGN = 10
"""Agents of one sharing rule, and rules for one campaign: each of its contacts has all of these
agents in its state."""

SHARING_EVERY_MINUTES = 7 * 24 * 60
"""The longest time between two runs of a sharing rule."""

REMINDERS_KEPT = 1_000
"""Reminders of an organization that a stream which was cut off can still get. A gateway keeps them
in memory."""

REMIND_MINUTES = 60 * 24 * 366
"""How long before an appointment a reminder of it can be."""

PIPELINE_STEPS = 50
"""Steps of one pipeline."""

CONTACT_FIELDS = 100
"""Custom fields of one organization: together with those that it removed, a contact has values in
CONTACT_CUSTOM_VALUES of them."""

FIELD_CHOICES = 100
CHOICE_CHARACTERS = 100
"""Choices of one custom field, and the text of one."""

INTEGRATIONS = 100
"""Integrations of one organization."""

INTEGRATION_COMMANDS_AN_HOUR = 20_000
INTEGRATION_BYTES_AN_HOUR = 32 * 1024 * 1024
"""Calls or leads that one integration may send within an hour."""

INTEGRATIONS_COMMANDS_AN_HOUR = 60_000
INTEGRATIONS_BYTES_AN_HOUR = 96 * 1024 * 1024
"""The same of all integrations of an organization together."""

CALL_LASTS_S = 7 * 24 * 3600
"""How long a call may have taken."""

CALLS_REMEMBERED = 100_000
CALLS_REMEMBERED_S = 30 * 24 * 3600
"""Calls of an organization whose ids are remembered, so that a call that is sent again is the same
one: at most 50 MB, and those of the last month."""

ROWS_REMEMBERED = 200
"""Rows of one import whose results are remembered, so that a row that is sent again changes
nothing: more than a job has under way at once. Whoever sends a row has the results of all rows that
are so many rows before it."""

IMPORTS_REMEMBERED = 20
IMPORT_REMEMBERED_S = 2 * 24 * 3600
"""Imports of an organization whose rows are remembered: more than can run at once, and for longer
than the file of one is kept."""

CALL_CANDIDATES = 200
"""How many contacts with the phone number of a call are searched for one whose assignee is the
agent of the call."""

TAG_CHARACTERS = 64
"""A tag of a contact."""

SKIPPED_LISTED = 1_000
"""Contacts that a job lists as skipped; all are counted."""

SKIPPED_SHOWN = 20
"""Those of them that are in the job's progress: every gateway has that of each job in memory."""

CONTACTS_APART = 100
"""Contacts from which an agent separated one contact, and with which it is not merged because of
what both have. The oldest are forgotten first; two stay separate as long as either remembers it."""

CONTACT_PROPOSALS = 50
"""Open proposals to merge one contact with others."""

DECLINED_PROPOSALS = 100
"""Proposals to merge one contact that were decided, and are remembered: the last ones. Those that
were declined are not made again as long as either contact remembers them."""

COMPARED_CONTACTS = 1_000
"""Contacts with the phone numbers and emails of one command that are compared with its contact. By
those that come later it merges nothing: they are as if they were marked as shared."""

PROPOSED_BYTES = 300_000
"""How much the contacts have together that one command about merges changes, and that have open
proposals with one contact, or because of one number. What these get later is not limited by it:
then proposals end by several commands."""

NUMBER_CONTACTS = 200
"""Contacts with one phone number or email. One that more contacts have merges nothing, as if it
were marked as shared."""

PROPOSED_CONTACTS = 50
"""Contacts with open proposals because of one phone number or email."""

CONTACT_SUGGESTIONS = 10
"""Phone numbers and emails that are offered as those of one contact. The first ones stay until an
agent accepts or declines them (C3)."""

CONTACT_DECLINED = 30
"""Declined and removed phone numbers and emails of one contact that are remembered, so that they
are not offered again; the oldest are forgotten first."""

RECOGNIZED_CHARACTERS = 10_000
"""How much of a text is searched for phone numbers and emails: channels allow some 2,000."""

RECOGNIZER_TRIES = 32
"""How many groups of digits in one text are tried as phone numbers: each takes some 0.2 ms."""

RECOGNIZER_STARTS = 256
"""At how many places of one text it is asked whether a phone number begins there."""
