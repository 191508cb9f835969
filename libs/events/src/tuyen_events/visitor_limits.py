"""Limits of what a site's visitors do with the widget (R9.5, R9.6): see `limits`.

Visitors are strangers: each limit of one visitor is easily evaded by another token, so there is one
for each network address as well.
"""

from tuyen_events.file_limits import IMAGE_BYTES
from tuyen_events.outbound_limits import SITE_REPLY_CHARACTERS

VISITOR_TEXT_CHARACTERS = SITE_REPLY_CHARACTERS
"""The text of a visitor's message: as long as an answer to it may be."""

VISITOR_BODY_BYTES = 64 * 1024
"""The body of a visitor's request; the longest text has 60,000 bytes if each character is
escaped."""

VISITOR_PICTURE_BYTES = IMAGE_BYTES
VISITOR_PICTURE_WITHIN_S = 60.0
"""A picture that a visitor sends, and how long its body may take."""

PICTURES_AT_ONCE = 32
PICTURES_AT_ONCE_OF_PAGE = 8
"""Pictures that arrive at the same time at one ingest process."""

PAGE_PICTURES = 200
PAGE_PICTURE_EVERY_S = 6.0
"""Pictures that the visitors of one page send at once, and in how many seconds one more: strangers
must not push an organization's own files out of its space (TUYEN_ATTACHMENT_GB)."""

VISITOR_MESSAGES = 20
VISITOR_MESSAGE_EVERY_S = 3.0
ADDRESS_MESSAGES = 60
ADDRESS_MESSAGE_EVERY_S = 1.0
"""Messages of one visitor, and from one network address: so many at once, and then one more in each
of these times. An address may be that of a whole office."""

VISITOR_RECEIPTS = 20
VISITOR_RECEIPT_EVERY_S = 3.0
ADDRESS_RECEIPTS = 60
ADDRESS_RECEIPT_EVERY_S = 1.0
"""How often visitors say that they have seen replies: as often as they may write."""

VISITOR_PICTURES = 10
VISITOR_PICTURE_EVERY_S = 60.0
ADDRESS_PICTURES = 30
ADDRESS_PICTURE_EVERY_S = 10.0

ADDRESS_SESSIONS = 60
ADDRESS_SESSION_EVERY_S = 2.0
"""Visitors who are given a token, from one address."""

VISITOR_READS = 60
VISITOR_READ_EVERY_S = 0.5
ADDRESS_READS = 600
ADDRESS_READ_EVERY_S = 0.1
"""Other requests: for the thread, the departments, and the files in it."""

BUCKETS_KEPT = 20_000
"""Visitors and addresses whose requests one ingest process counts, for each kind of request; those
that did nothing for longest are forgotten, and may do everything again."""

WAITING_OF_VISITOR = 6
WAITING_OF_ADDRESS = 200
WAITING_VISITORS = 5_000
"""Requests that wait for something new in a thread, at one ingest process; further ones are
answered at once. A visitor has one for each window."""

VISITOR_WAIT_S = 25.0
"""How long such a request waits at most: proxies close connections on which nothing happens for
30 s or more."""

VISITOR_READS_AT_ONCE = 16
VISITOR_READS_AT_ONCE_OF_ORGANIZATION = 4
VISITOR_READS_WAITING = 500
"""Reads of the database for visitors, in one ingest process; the last one is of an organization."""

SHOWN_MESSAGES = 50
"""The newest messages of a thread, which the widget shows."""

VISITOR_THREAD_KEPT_S = 90 * 24 * 3600
"""For how long a visitor finds a message again. The inbox keeps it for longer."""

VISITOR_TOKEN_LASTS_S = 180 * 24 * 3600
"""For how long a visitor is recognized after they last opened the widget."""

FILE_LINK_LASTS_S = 24 * 3600
"""For how long the address of a file in a visitor's thread is valid; the thread has a new one each
time that it is read."""
