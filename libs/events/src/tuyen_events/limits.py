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

MEDIA_URL_CHARACTERS = 8_192
"""Where a channel keeps an attachment: signed addresses are long."""

DETAIL_CHARACTERS = 500
"""What a channel or a site tells beside a message: a place, a browser, an attachment's title."""

PAYLOAD_CHARACTERS = 2_000
"""What a pressed button or a referral carries for programs."""

ATTACHMENTS = 100
"""Attachments of one message."""

VIDEO_POSTS = 500
"""Video posts and broadcasts of a page of which it is known whether they are livestreams."""

PLACED_REPLIES = 256
"""Replies of a page of which it is remembered under which comment they stand."""

UPDATES = 5_000
"""Updates of one webhook's body; the channels say that they send a thousand at most."""

EVENT_BYTES = 900_000
"""An inbound event as it stands in the log, below what Kafka takes as one record (1 MiB). No
channel's event comes near it; one that did could never be accepted, and its channel would deliver
it for ever."""

FAILED_PART_CHARACTERS = 256 * 1024
"""What is told of a part of a webhook's body that cannot be read: a part is far smaller, and a
whole body stands in full among the raw ones."""

DEAD_LETTER_BYTES = 1_000_000
"""A dead letter as it stands in the log; its payload is cut to that."""

NOTE_CHARACTERS = 1_000
"""Why something was done, in a person's words."""

ROW_TEXT_CHARACTERS = 500
"""What a row of a list shows of a text; the whole text stands in the thread."""

AGENTS = 2_000
"""Agents of one organization, and so members of a rule, a group, a page's staff."""

SESSIONS = 20
"""Devices of one agent that count at one time (R8.1)."""

LISTED = 200
"""Entries of one page of a list."""

DONE_AFTER_HOURS = 24 * 365
"""After so many hours at the latest the setting closes what is quiet (I12)."""

CURSOR_CHARACTERS = 2_000
"""What continues a list; ours have some 600."""

READ_WITHIN_S = 3.0
"""How long a database may work for one caller who waits: a list, a count, a detail (R9.5)."""

WALK_WITHIN_S = 20.0
"""How long it may work for one step of a job, or to count what a job is about."""

STRANGERS_BODY_BYTES = 16 * 1024
"""The body of a request from somebody without a token that stands: a login, a refresh."""

BODY_BYTES = 256 * 1024
"""The body of any other request to the gateway."""

LONG_BODY_BYTES = 1024 * 1024
"""The body where thousands may be named: a bulk change, a rule."""

PASSWORD_CHARACTERS = 1_024

USERNAME_CHARACTERS = 128

TOKEN_CHARACTERS = 4_096
"""A refresh token; ours have some 500."""

QUERY_CHARACTERS = 100
"""What is searched for in names."""

VERSION = 2**63 - 1
"""The highest place in a topic, and so the highest version to ask for."""

CAPACITY = 10_000
"""Open conversations of one member of a rule (R1.7)."""

PAGES = 5_000
"""Pages of one organization, and so of a rule."""

RULES = 1_000
GROUPS = 1_000
LINKS = 5_000
DEPARTMENTS = 200

REGIONS = 2_000
"""Of one organization, in all departments together."""

PLACES_OF_AN_AGENT = 100
"""Departments, and regions, of one agent."""

PLACES = 50_000
"""Agents named by all rules of an organization together; by all groups; by all pages' staffs."""

BULK_IDS = 10_000
"""Conversations that one bulk change names."""

JOBS_OF_AGENT = 4
JOBS_OF_ORGANIZATION = 10
"""Jobs that run or wait at one time."""

JOBS_AN_HOUR_OF_AGENT = 240
JOBS_AN_HOUR_OF_ORGANIZATION = 1_200
"""Jobs that are asked for within an hour: each is some records in the log."""

BULK_IDS_AN_HOUR_OF_AGENT = 50_000
BULK_IDS_AN_HOUR_OF_ORGANIZATION = 200_000
"""Conversations that the bulk changes of an hour name. A filter names none."""

JOBS_KEPT = 2_000
"""Jobs of one organization of which it is told how they ended; the oldest are forgotten first."""

TAGS = 50
"""Tags of one conversation."""

THREAD_PAGE_BYTES = 1_000_000
"""What one page of a thread carries; a page ends early, with `next`, before it carries more."""

HISTORY_PAGE_NAMES = 20_000
"""Agents that one page of a conversation's history names, all its entries together."""

WITHDRAWN_EVENTS = 200
"""Events of one conversation that were taken back and are remembered by place, so that they are
unread for nobody (R4.6)."""

CLOCK_AHEAD_S = 300
"""How far ahead of ours a sender's clock may be to be believed."""

CLOCK_BEHIND_S = 30 * 24 * 3600
"""How far behind ours the clock of a livechat's site may be to be believed. Facebook's and Zalo's
clocks are one, and what they deliver late is as old as they say."""

NAMED_ELSEWHERE = 1_000
"""Contacts whose name a search finds for those of their conversations that have none."""
