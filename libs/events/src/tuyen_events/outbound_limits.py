"""Limits of what is sent to the channels (R9.5, R9.6): see `limits`."""

OUTBOUND_WAITING = 2_000
OUTBOUND_WAITING_BYTES = 8 * 1024 * 1024
"""Requests of one organization that wait to be carried out at the channels, and their bytes, in one
of the partitions over which its customers are spread. Those of a page that is stopped wait until it
can send again; beyond these limits a request fails at once."""

OUTBOUND_REQUEST_BYTES = 256 * 1024
"""One request to a channel, as it is in the log. The longest text has some 40,000."""

OUTBOUND_CLOSED_KEPT = 20_000
"""Settled requests of one partition that are remembered for an hour, so that none is carried out
twice if its record is in the log twice."""

OUTBOUND_UNKNOWN_KEPT = 1_000
"""Requests of one partition that are remembered for a day although nobody can tell what became of
them: a late echo can."""

REPLY_CHARACTERS = 2_000
"""The text of a message to a customer at Facebook and Zalo: more is refused there."""

SITE_REPLY_CHARACTERS = 5_000
"""The text of a message to a visitor of a site."""

COMMENT_CHARACTERS = 8_000
"""The text of a comment by the page; the longest that Facebook accepts."""

REPLY_ATTACHMENTS = 10
"""Attachments of one reply."""

COMMENT_ATTACHMENTS = 1
"""Attachments of one comment by the page: the channel accepts no more."""

RETRIES = 20
"""How often one reply may be sent again after it failed."""

PENDING_REPLIES_OF_PAGE = 5_000
PENDING_REPLIES_OF_ORGANIZATION = 20_000
"""Replies that wait to be sent: while a page cannot send, its replies add up."""

REPLIES_AN_HOUR_OF_AGENT = 36_000
REPLIES_AN_HOUR_OF_ORGANIZATION = 720_000
"""Replies and actions on comments that are requested within an hour."""

AUTOMATIC_WITHIN_S = 5
"""An answer that the channel echoes so soon after the customer's message, and that is not ours, is
not a person's (P5b)."""

PROFILES_WAITING = 20_000
"""Customers and posts of one organization that wait to be asked for; the next event of any other
one asks again."""

PROFILE_KEPT_S = 30 * 24 * 3600
"""For how long a channel is not asked again who a customer or what a post is, once it has said
so."""

VIDEO_KEPT_S = 15 * 60
"""The same for a post whose video is not live: it may be later (P5a)."""

PROFILE_REFUSED_S = 24 * 3600
"""The same if it did not say, and for how long it is asked again while it is unavailable."""
