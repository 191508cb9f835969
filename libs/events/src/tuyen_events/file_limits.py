"""Limits of files and of posts: the part of `limits` that only these need."""

IMAGE_BYTES = 10 * 1024 * 1024
VIDEO_BYTES = 25 * 1024 * 1024
AUDIO_BYTES = 25 * 1024 * 1024
FILE_BYTES = 25 * 1024 * 1024
"""The largest attachments of each kind: what the most generous channel accepts."""

UPLOAD_BYTES = 25 * 1024 * 1024 + 16 * 1024
"""The body of a request that uploads a file: the largest file, and what surrounds it."""

UPLOAD_WITHIN_S = 120.0
"""How long such a body may take."""

UPLOADS_AT_ONCE_OF_ORGANIZATION = 32
"""Files that the people of an organization upload at the same time, to one gateway."""

DOWNLOADS_AT_ONCE_OF_ORGANIZATION = 256
"""Files that the people of an organization read at the same time, from one gateway: a reader who
takes nothing keeps up to half a MiB of it in memory."""

UPLOADS_AN_HOUR = 5_000
UPLOAD_BYTES_AN_HOUR = 4 * 1024 * 1024 * 1024
"""What an organization's people upload within an hour."""

UPLOADS_UNUSED_S = 24 * 3600
"""How long an uploaded file that was never sent is kept."""

ATTACHMENT_CONVERSATIONS = 500
"""Conversations in which one uploaded file is sent."""

MEDIA_FETCHED_WITHIN_S = 3 * 24 * 3600
"""How old a message may be whose media are still fetched from its channel: then its links have
died."""

MEDIA_WAITING = 50_000
"""Media of one organization that wait to be fetched; of what comes beyond, the channel's address is
all that there is."""

POST_COMMENTS_READ = 2_000
"""Comments below a post that are read for one page of them: of these a viewer may see few."""
