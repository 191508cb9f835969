"""How long and how many: every bound on what comes in, in one place.

Each is checked where the value comes in (a webhook, a request), so that nothing derived from it
grows past what a topic, a document or a worker can hold (R9.5, R9.6). `docs/limits.md` lists them
for callers.
"""

HEAD_WITHIN_S = 10.0
"""How long a request's head may take, from the connection's start or from its own first byte on."""

HEAD_BYTES = 64 * 1024
"""How large a head may be that does not come in one piece; one piece has at most 256 KiB."""

BODY_WITHIN_S = 10.0
"""How long the whole of a body may take, from the request's head on."""

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

WEBHOOK_BODY_BYTES = 5 * 1024 * 1024
"""Far above a thousand updates, the most that a channel puts into one body; a larger one is
answered 413. What a channel really sends must never come near it: a 4xx is delivered again."""

SITE_BODY_BYTES = 1024 * 1024
"""The body of a livechat site's webhook, which holds one message: an event has fewer."""

MENDED_BYTES = 512 * 1024
MENDED_ELEMENTS = 10_000
"""What is mended of one body that a strict reader of JSON refuses, all parts together: bytes, and
what arrays and objects hold, as `elements` counts it. An update has some fifty."""

SPLIT_ELEMENTS = 50_000
"""What a body may hold to be taken apart where a strict reader refuses the whole for one part."""

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

CURSOR_LASTS_S = 24 * 3600
"""How long a cursor can be followed. What moved since its walk began is looked up for each page of
a list, so a walk has to end."""

READ_WITHIN_S = 3.0
"""How long a database may work for one caller who waits: a list, a count, a detail (R9.5)."""

READS_AT_ONCE = 16
READS_AT_ONCE_OF_ORGANIZATION = 4
"""Reads of the database for callers who wait, in one gateway. Each takes a thread or two."""

READS_WAITING_OF_ORGANIZATION = 100
"""Those beyond, which wait for READ_WITHIN_S at most."""

WALK_WITHIN_S = 20.0
"""How long it may work for one step of a job, or to count what a job is about."""

STRANGERS_BODY_BYTES = 16 * 1024
"""The body of a request from somebody without a token that stands: a login, a refresh."""

BODY_BYTES = 256 * 1024
"""The body of any other request to the gateway."""

LONG_BODY_BYTES = 1024 * 1024
"""The body where thousands may be named: a bulk change, a rule."""

BODY_ELEMENTS = 5_000
"""What the arrays and objects of a body hold together, as `elements` counts it: reading it costs as
much more than its bytes do."""

LONG_BODY_ELEMENTS = 30_000
"""The same where thousands may be named: a rule of 5,000 pages and 2,000 members has 21,000."""


def elements(json: bytes) -> int:
    """No fewer than the arrays and objects of a JSON hold together, whatever its encoding: each of
    their elements stands behind one of these three. Those inside of texts are counted, too."""
    return json.count(b",") + json.count(b"[") + json.count(b"{")


ERRORS_TOLD = 20
"""Of a body in which everything is wrong, so many places are told; the answer stays small."""

PLACE_CHARACTERS = 200
"""Of a place that is told; names in it are the caller's own, however long."""

WRONG_PASSWORDS = 5
WRONG_PASSWORD_WAIT_S = 60
"""Wrong passwords for an account from one place that are free, and the longest wait before each
further one."""

LOGINS_WAITING_FROM_A_SITE = 256
LOGINS_WAITING = 1_024
"""Logins under way or waiting. A hash takes some 50 ms of a core: what is beyond would wait for
many seconds."""

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

SETUP_RECORDS_AN_HOUR = 20_000
SETUP_BYTES_AN_HOUR = 32 * 1024 * 1024
"""What an organization's people set up within an hour, as records of the directory, passwords and
tokens: each stands for a day and more, and is read by every service when it starts. All that an
organization may have is 16,000 records."""

PRESENCE_CHANGES_AN_HOUR = 3_600
"""Changes of one agent's presence by themselves, and as many by managers: one a second."""

SIGNALS_AN_HOUR = 36_000
"""All that is told of one agent's presence, heartbeats among it: of SESSIONS, two a second."""

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
"""Conversations that the jobs of an hour are about; one job counts as an agent's hour at most."""

JOBS_KEPT = 2_000
"""Jobs of one organization of which it is told how they ended; the oldest are forgotten first."""

TAGS = 50
"""Tags of one conversation."""

THREAD_PAGE_BYTES = 1_000_000
"""What one page of a thread carries; a page ends early, with `next`, before it carries more."""

HISTORY_PAGE_NAMES = 20_000
"""Agents that one page of a conversation's history names, all its entries together."""

WAITED_FOR = 20
"""Messages or comments for which a conversation is known to wait; with more it waits on, whichever
of them are taken back."""

REMOVALS = 8
"""Of a customer, what was taken back last, and may not have come yet."""

WITHDRAWN_EVENTS = 200
"""Events of one conversation that were taken back and are remembered by place, so that they are
unread for nobody (R4.6)."""

CLOCK_BELIEVED_FROM = 2004
"""The year before which there was none of the channels, and no sender's clock is right."""

CLOCK_BELIEVED_AHEAD_S = 24 * 3600
"""How far ahead of ours a sender's clock may be to be kept at all."""

JOB_RESULTS_KEPT_S = 30 * 24 * 3600
"""For how long it is told how a job ended."""

CLOCK_AHEAD_S = 300
"""How far ahead of ours a sender's clock may be to be believed."""

CLOCK_BEHIND_S = 30 * 24 * 3600
"""How far behind ours the clock of a livechat's site may be to be believed. Facebook's and Zalo's
clocks are one, and what they deliver late is as old as they say."""

NAMED_ELSEWHERE = 1_000
"""Contacts whose name a search finds for those of their conversations that have none."""
