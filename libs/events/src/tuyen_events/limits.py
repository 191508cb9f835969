"""All limits on the length and number of what comes in, in one place.

Each is checked where the value comes in (a webhook, a request), so that nothing derived from it
exceeds what a topic, a document or a worker can store (R9.5, R9.6). `docs/limits.md` lists them for
callers.

Decides R9.5, INV7 and INV8.
"""

HEAD_WITHIN_S = 10.0
"""How long a request's head may take, counted from the start of the connection or from the head's
first byte."""

HEAD_BYTES = 64 * 1024
"""The largest head that arrives in several pieces; a single piece has at most 256 KiB."""

BODY_WITHIN_S = 10.0
"""How long the whole body may take, counted from the request's head."""

RESPONSE_STALLS_S = 60.0
"""How long a caller may take nothing at all of what is sent to it before its connection is cut."""

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

PLACED_REPLIES = 256
"""Replies of a page whose parent comment is remembered."""

VISITOR_POSTS = 256
"""Posts of a page's visitors that are remembered, so that a comment below one is a reply to it."""

WEBHOOK_BODY_BYTES = 5 * 1024 * 1024
"""Far above a thousand updates, the most that a channel puts into one body; a larger one is
answered 413. What a channel really sends must never come near it: a 4xx is delivered again."""

SITE_BODY_BYTES = 1024 * 1024
"""The body of a livechat site's webhook, which contains one message: an event has fewer bytes."""

REPAIRED_BYTES = 512 * 1024
REPAIRED_ELEMENTS = 10_000
"""How much is repaired of one body that a strict reader of JSON refuses, all parts together: bytes,
and values in arrays and objects, as `elements` counts them. An update has some fifty."""

SPLIT_ELEMENTS = 50_000
"""How many values a body may have to be split into its parts, if a strict reader refuses the whole
because of one part."""

UPDATES = 5_000
"""Updates in one webhook's body; the channels say that they send a thousand at most."""

EVENT_BYTES = 900_000
"""An encoded inbound event, below what Kafka accepts as one record (1 MiB). No channel's event
comes near it; one that did could never be accepted, and its channel would redeliver it for ever."""

FAILED_PART_CHARACTERS = 256 * 1024
"""How much a dead letter contains of an unreadable part of a webhook's body: a part is far smaller,
and a whole body is stored in the topic `raw`."""

DEAD_LETTER_BYTES = 1_000_000
"""An encoded dead letter; its payload is cut to fit."""

NOTE_CHARACTERS = 1_000
"""A person's note on why something was done."""

TEXT_CHARACTERS = 10_000
"""A long text that people write in the CRM: a note, a description."""

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

CURSOR_LASTS_S = 24 * 3600
"""How long a cursor is valid. Each page of a list looks up what moved since its scan began, so a
scan has to end."""

READ_WITHIN_S = 3.0
"""How long a database may work for one caller: for a list, a count, a detail (R9.5)."""

READS_AT_ONCE = 16
READS_AT_ONCE_OF_ORGANIZATION = 4
"""Reads of the database for callers who wait, in one gateway. Each takes a thread or two."""

READS_WAITING_OF_ORGANIZATION = 1_000
"""The reads beyond these, which wait for READ_WITHIN_S at most: hundreds of agents at once."""

SCAN_WITHIN_S = 20.0
"""How long it may work for one step of a job, or to count a job's conversations."""

STRANGERS_BODY_BYTES = 16 * 1024
"""The body of a request without a valid token: a login, a refresh."""

BODY_BYTES = 256 * 1024
"""The body of any other request to the gateway."""

LONG_BODY_BYTES = 1024 * 1024
"""The body of a request that may name thousands of ids: a bulk change, a rule."""

BODY_ELEMENTS = 5_000
"""How many values all arrays and objects of a body contain together, as `elements` counts them:
reading these costs far more than reading its bytes."""

LONG_BODY_ELEMENTS = 30_000
"""The same where thousands may be named: a rule of 5,000 pages and 2,000 members has 21,000."""


def count_elements(json: bytes) -> int:
    """An upper bound of the number of values in all arrays and objects of a JSON text, whatever its
    encoding: each value follows one of these three characters. Such characters inside texts are
    counted, too."""
    return json.count(b",") + json.count(b"[") + json.count(b"{")


ERRORS_LISTED = 20
"""The most fields that an error response lists, so that it stays small if everything in a body is
wrong."""

PLACE_CHARACTERS = 200
"""The place of an error, as an error response shows it; it contains names that the caller chose,
however long."""

WRONG_PASSWORDS = 5
WRONG_PASSWORD_WAIT_S = 60
"""How many wrong passwords for an account from one network address have no consequence, and the
longest wait before each further one."""

LOGINS_WAITING_FROM_A_SITE = 256
LOGINS_WAITING = 1_024
"""Logins under way or waiting. A hash takes some 50 ms of a core: a longer queue would take many
seconds."""

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

AUTOMATIC_APPS = 50
"""Apps of one page whose messages are automatic answers (P5b)."""

SITES = 50
"""Origins of the sites that may show one livechat page's widget (L4)."""

ORIGIN_CHARACTERS = 300
"""An origin: a host's name has 253 characters at most."""

PAGE_SECRET_CHARACTERS = 2_000
"""A token of a page, or a code that a channel gives for one; theirs have some 300."""

CONNECTION_LASTS_S = 3_600
"""How long a login at a channel, begun to connect pages, may be used (P1)."""

CONNECTIONS = 20
"""Such logins of one organization at the same time; another one ends the oldest."""

CONNECTION_ACCOUNTS = 200
"""Accounts that one such login offers: one record of the log contains the tokens of all."""

CHANNEL_CALLS = 16
CHANNEL_CALLS_OF_ORGANIZATION = 2
"""Calls of one gateway to the channels at the same time."""

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
tokens: each is kept for a day or more, and is read by every service when it starts. All that an
organization may have is 16,000 records."""

PRESENCE_CHANGES_AN_HOUR = 3_600
"""Changes of one agent's presence by themselves, and as many by managers: one a second."""

SIGNALS_AN_HOUR = 36_000
"""All signals about one agent's presence, heartbeats included: two a second of all SESSIONS."""

CRM_COMMANDS_AN_HOUR = 20_000
CRM_BYTES_AN_HOUR = 32 * 1024 * 1024
"""Commands that an organization's people may send to the CRM within an hour."""

BULK_IDS = 10_000
"""Conversations, or contacts, that one bulk change names."""

JOBS_OF_AGENT = 4
JOBS_OF_ORGANIZATION = 10
"""Jobs that run or wait at the same time."""

JOBS_AN_HOUR_OF_AGENT = 240
JOBS_AN_HOUR_OF_ORGANIZATION = 1_200
"""Jobs that are requested within an hour: each is some records in the log."""

BULK_IDS_AN_HOUR_OF_AGENT = 50_000
BULK_IDS_AN_HOUR_OF_ORGANIZATION = 200_000
"""Conversations that the jobs of an hour are about; one job counts as an agent's hour at most."""

JOBS_KEPT = 2_000
"""Jobs of one organization whose results are kept; the oldest are forgotten first."""

TAGS = 50
"""Tags of one conversation, and of one contact."""

THREAD_PAGE_BYTES = 1_000_000
"""The size of one page of a thread; a page ends early, with `next`, before it exceeds this."""

HISTORY_PAGE_NAMES = 20_000
"""Agents that one page of a conversation's history names, in all its entries together."""

WAITED_FOR = 20
"""Messages or comments that are remembered as those for which a conversation waits; with more, it
keeps waiting whichever of them are removed."""

REMOVALS = 8
"""Messages and comments of a customer that were removed last, and may arrive after their
removal."""

WITHDRAWN_EVENTS = 200
"""Removed events of one conversation whose positions are remembered, so that they are unread for
nobody (R4.6)."""

CLOCK_BELIEVED_FROM = 2004
"""The year before which there was none of the channels, and no sender's clock is right."""

CLOCK_BELIEVED_AHEAD_S = 24 * 3600
"""How far ahead of ours a sender's clock may be to be kept at all."""

STREAMS_OF_AGENT = 20
STREAMS_OF_ORGANIZATION = 2_500
STREAMS = 10_000
"""Live streams that are open at the same time at one gateway. An agent has one for each window."""

STREAM_BYTES = 256 * 1024
"""What waits for a reader of a live stream; with more, the reader is asked to fetch again."""

STREAM_STALLS_S = 30
"""How long a reader may take nothing at all before its stream is closed."""

REPLAYED_CHANGES = 5_000
"""Changes after a position that a live stream still sends; with more, it asks to fetch again."""

CHANGES_KEPT_S = 2 * 3600
"""For how long a live stream can be resumed."""

ROWS_OF_CONTACT = 1_000
"""Rows that show another contact, or another name, because one contact changed, as a live stream
sends them; with more, it asks to fetch again."""

STATES_AT_ONCE = 1_000
"""Messages whose state changes by one report of what was delivered or seen, as a live stream sends
them; with more, it asks to fetch again."""

VIEWING_LASTS_S = 10
"""How long an agent counts as having a conversation open after saying so (I14)."""

VIEWED_OF_AGENT = 20
"""Conversations that one agent has open at the same time; the oldest is forgotten."""

VIEWINGS_AN_HOUR = 7_200
"""How often an agent may say so."""

JOB_RESULTS_KEPT_S = 30 * 24 * 3600
"""For how long the result of a job is kept."""

CLOCK_AHEAD_S = 300
"""How far a sender's clock may be ahead of ours to be used."""

CLOCK_BEHIND_S = 30 * 24 * 3600
"""How far the clock of a livechat's site may be behind ours to be used. Facebook's and Zalo's
clocks are correct, and what they deliver late is as old as they say."""

NAMED_ELSEWHERE = 1_000
"""Contacts by whose names a search finds those of their conversations that have no name."""

TEMPLATES = 500
"""Templates of one organization."""

TEMPLATE_CHARACTERS = 2_000
"""The text of a template, before its placeholders are filled in."""

SHARED_VIEWS = 100
VIEWS_OF_AGENT = 50
"""Saved views: those that an organization shares, and those of one agent."""

PREFERENCES_OF_AGENT = 100
PREFERENCES_BYTES = 8 * 1024
PREFERENCES_DEPTH = 5
"""An agent's preferences: how many there are, how long they are as JSON, and how deep objects and
arrays are inside of each other."""

DESK_BYTES = 8 * 1024 * 1024
"""All templates, views and preferences of one organization together: every gateway keeps them in
its memory."""

DESK_CHANGES_AN_HOUR_OF_AGENT = 1_200
DESK_CHANGES_AN_HOUR = 20_000
DESK_BYTES_AN_HOUR = 32 * 1024 * 1024
"""Changes of templates, views and preferences within an hour: by one agent, by an organization, and
their bytes."""

LOGINS_OF_AGENT = 100
"""Logins of one agent that are valid at the same time; with more, those end that were refreshed
least recently."""

OPENID_WITHIN_S = 5.0
OPENID_ANSWER_BYTES = 1024 * 1024
"""How long an OpenID provider may take for one answer, and how long that may be."""

DEAD_LETTERS_KEPT_S = 90 * 24 * 3600
"""For how long what could not be read is kept, and can be sent again."""

REPLAYS_AT_ONCE = 4
"""Replays that one ingest process works on at the same time, each of another organization."""

REPLAYS_WAITING = 20
"""Replays of one organization that run or wait."""

REPLAYS_KEPT = 1_000
"""Replays of one organization whose results are kept; the oldest are forgotten first."""

REPLAYS_AN_HOUR = 600
"""Replays that an organization may request within an hour: single dead letters, and stretches."""

CRM_SETUP_ENTITIES = 500
"""Entities of one kind that an organization sets up for its CRM: campaigns, for example. The worker
that decides about its contacts keeps all of them in memory."""

PHONE_TEXT_CHARACTERS = 200
"""The text of a field for phone numbers."""

EMAIL_CHARACTERS = 254

CONTACT_PHONES = 20
CONTACT_EMAILS = 20
CONTACT_CUSTOMERS = 100
CONTACT_CUSTOM_VALUES = 200
"""What one contact has at most. Two contacts that together would have more are not merged."""

CONTACT_MERGES = 50
"""Contacts that one contact has absorbed, and contacts from which it was separated again."""
