"""All limits on the length and number of what comes in, in one place.

Each is checked where the value comes in (a webhook, a request), so that nothing derived from it
exceeds what a topic, a document or a worker can store (R9.5, R9.6). `docs/limits.md` lists them for
callers.

Decides R9.5, INV7 and INV8.
"""

ID_CHARACTERS = 64
"""An id that a caller chooses."""

EXTERNAL_ID_CHARACTERS = 200
"""An id that a channel or a site chose."""

NAME_CHARACTERS = 200
"""A name that people read."""

URL_CHARACTERS = 2_048

MEDIA_URL_CHARACTERS = 8_192
"""The address of an attachment at a channel: signed addresses are long."""

DETAIL_CHARACTERS = 500
"""A detail of a message: a location, a browser, an attachment's title."""

PAYLOAD_CHARACTERS = 2_000
"""The data for programs of a pressed button or a referral."""

ATTACHMENTS = 100
"""Attachments of one message."""

VIDEO_POSTS = 500
"""Video posts and broadcasts of a page for which it is known whether they are livestreams."""

PLACED_REPLIES = 64
"""Replies of a page whose parent comment is remembered."""

UPDATES = 5_000
"""Updates in one webhook's body; the channels say that they send a thousand at most."""

EVENT_BYTES = 900_000
"""An encoded inbound event, below what Kafka accepts as one record (1 MiB). No channel's event
comes near it; one that did could never be accepted, and its channel would redeliver it for ever."""

DEAD_LETTER_BYTES = 1_000_000
"""An encoded dead letter; its payload is cut to fit."""

NOTE_CHARACTERS = 1_000
"""A person's note on why something was done."""

ROW_TEXT_CHARACTERS = 500
"""The part of a text that a row of a list shows; the thread shows the whole text."""

AGENTS = 2_000
"""Agents of one organization, and so members of a rule, a group, a page's staff."""

SESSIONS = 20
"""Devices of one agent that count at the same time (R8.1)."""

LISTED = 200
"""Entries of one page of a list."""

DONE_AFTER_HOURS = 24 * 365
"""The largest number of hours after which the setting closes inactive conversations (I12)."""

CURSOR_CHARACTERS = 2_000
"""The cursor of a list; ours have some 600."""

READ_WITHIN_S = 3.0
"""How long a database may work for one caller: for a list, a count, a detail (R9.5)."""

WALK_WITHIN_S = 20.0
"""How long it may work for one step of a job, or to count a job's conversations."""

STRANGERS_BODY_BYTES = 16 * 1024
"""The body of a request without a valid token: a login, a refresh."""

BODY_BYTES = 256 * 1024
"""The body of any other request to the gateway."""

LONG_BODY_BYTES = 1024 * 1024
"""The body of a request that may name thousands of ids: a bulk change, a rule."""

PASSWORD_CHARACTERS = 1_024

USERNAME_CHARACTERS = 128

TOKEN_CHARACTERS = 4_096
"""A refresh token; ours have some 500."""

QUERY_CHARACTERS = 100
"""The query of a search in names."""

VERSION = 2**63 - 1
"""The highest offset in a topic, and so the highest version to ask for."""

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
"""Jobs that run or wait at the same time."""

JOBS_AN_HOUR_OF_AGENT = 240
JOBS_AN_HOUR_OF_ORGANIZATION = 1_200
"""Jobs that are requested within an hour: each is some records in the log."""

BULK_IDS_AN_HOUR_OF_AGENT = 50_000
BULK_IDS_AN_HOUR_OF_ORGANIZATION = 200_000
"""Conversations that the bulk changes of an hour name. A filter names none."""

JOBS_KEPT = 2_000
"""Jobs of one organization whose results are kept; the oldest are forgotten first."""

TAGS = 50
"""Tags of one conversation."""

THREAD_PAGE_BYTES = 1_000_000
"""The size of one page of a thread; a page ends early, with `next`, before it exceeds this."""

HISTORY_PAGE_NAMES = 20_000
"""Agents that one page of a conversation's history names, in all its entries together."""

WITHDRAWN_EVENTS = 200
"""Removed events of one conversation whose positions are remembered, so that they are unread for
nobody (R4.6)."""

CLOCK_AHEAD_S = 300
"""How far a sender's clock may be ahead of ours to be used."""

CLOCK_BEHIND_S = 30 * 24 * 3600
"""How far the clock of a livechat's site may be behind ours to be used. Facebook's and Zalo's
clocks are correct, and what they deliver late is as old as they say."""

NAMED_ELSEWHERE = 1_000
"""Contacts by whose names a search finds those of their conversations that have no name."""
