"""What visitors do: open the widget, write, send pictures, and see replies."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec
from pymongo.errors import PyMongoError

from tuyen_attachments.ports import Attachments, NewAttachment
from tuyen_attachments.receiving import AttachmentTooLargeError, receive
from tuyen_attachments.recognizing import IMAGE
from tuyen_channels.ports import PageTokenLookup, WebhookChannel
from tuyen_channels.signature import Signature
from tuyen_events.ids import MessageId
from tuyen_events.visitor_limits import PICTURES_AT_ONCE, PICTURES_AT_ONCE_OF_PAGE
from tuyen_ingest.acceptance import Acceptance, is_current
from tuyen_ingest.domain.visitors import (
    SiteVisitor,
    VisitorPicture,
    WrittenMessage,
    derive_message_id,
    derive_picture_id,
    encode_message,
    encode_seen,
    name_guest,
)
from tuyen_ingest.errors import (
    InvalidRequestError,
    NoSuchPageError,
    PictureTooLargeError,
    RetryLaterError,
    TooOftenError,
    WrongUserHashError,
)
from tuyen_ingest.ports import FollowedTopic, ThreadSignals
from tuyen_ingest.records import delivery_of
from tuyen_ingest.sites import Site
from tuyen_platform.clock import Clock
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.kafka.ports import LogUnavailableError

_GUEST_BYTES = 16


class VisitorWrites:
    """Accepts what visitors write, as if their site had sent it. `channel` is livechat, `tokens`
    are the pages' tokens and `tokens_table` their topic."""

    def __init__(
        self,
        *,
        channel: WebhookChannel,
        acceptance: Acceptance,
        tokens: PageTokenLookup,
        tokens_table: FollowedTopic,
        signals: ThreadSignals,
        attachments: Attachments,
        clock: Clock,
    ) -> None:
        self._channel = channel
        self._acceptance = acceptance
        self._tokens = tokens
        self._tokens_table = tokens_table
        self._signals = signals
        self._attachments = attachments
        self._clock = clock
        self._arriving: Counter[str] = Counter()

    def make_guest(self, site: Site, name: str | None) -> SiteVisitor:
        """A visitor whom nobody knows yet."""
        random = secrets.token_hex(_GUEST_BYTES)
        return SiteVisitor(app_id=site.app_id, id=name_guest(random), name=name)

    async def make_known(
        self, site: Site, user_id: str, user_hash: str, name: str | None
    ) -> SiteVisitor:
        """The customer whom the site knows by this id, if it signed the id with the page's token:
        `user_hash` is the hexadecimal HMAC-SHA256. Raises WrongUserHashError, RetryLaterError."""
        if not self._is_signed(site, user_id, user_hash):
            # The token may have been made a moment ago.
            if not await is_current(self._tokens_table):
                raise RetryLaterError("The pages' tokens cannot be read now.")
            if not self._is_signed(site, user_id, user_hash):
                raise WrongUserHashError("`user_hash` does not belong to this `user_id`.")
        return SiteVisitor(app_id=site.app_id, id=user_id, name=name)

    def _is_signed(self, site: Site, user_id: str, user_hash: str) -> bool:
        token = self._tokens(site.app_id)
        if not token:
            return False
        stated = b"sha256=" + user_hash.lower().encode("utf-8", "replace")
        return Signature(token).verify(user_id.encode(), stated)

    async def write(self, site: Site, visitor: SiteVisitor, written: WrittenMessage) -> MessageId:
        """Returns once the message is in the log. It is the same message if it was there already.

        Raises RetryLaterError, and NoSuchPageError if the page was removed meanwhile.
        """
        await self._accept(site, encode_message(visitor, written))
        self._signals.notify(visitor.find_thread(site.page))
        return derive_message_id(visitor, written.client_id, site.page)

    async def note_seen(self, site: Site, visitor: SiteVisitor, until: datetime) -> None:
        """Returns once the log says that the visitor saw what was sent by then. Raises
        RetryLaterError, NoSuchPageError."""
        await self._accept(site, encode_seen(visitor, until))

    async def _accept(self, site: Site, body: bytes) -> None:
        delivery = delivery_of(self._channel, body, self._clock.now(), site.app_id)
        try:
            accepted = await self._acceptance.accept(delivery)
        except LogUnavailableError:
            raise RetryLaterError("The log did not acknowledge it in time.") from None
        if accepted.parsed.failures:
            raise InvalidRequestError("The message cannot be read.")
        if not accepted.parsed.events:
            if not accepted.directory_is_current:
                raise RetryLaterError("The directory of pages cannot be read now.")
            raise NoSuchPageError("There is no such livechat any more.")

    async def send_picture(
        self,
        site: Site,
        visitor: SiteVisitor,
        written: WrittenMessage,
        parts: AsyncIterator[bytes],
        name: str | None,
    ) -> MessageId:
        """Stores the picture, and then writes the message that contains it. If only the first of
        both happened, the same request completes it.

        What it is, is decided by its content. Raises InvalidRequestError, PictureTooLargeError,
        TooOftenError, RetryLaterError.
        """
        with self._arrival(site):
            message = derive_message_id(visitor, written.client_id, site.page)
            received = await receive(parts)
            if received.type is None or received.type.kind != IMAGE:
                raise InvalidRequestError("Send a picture: JPEG, PNG, GIF or WebP.")
            new = NewAttachment(
                id=derive_picture_id(message),
                organization=site.page.organization,
                kind=IMAGE,
                content_type=received.type.content_type,
                name=name,
                message_id=message,
                created_at=self._clock.now(),
            )
            try:
                stored = await self._attachments.add(new, received.content(IMAGE))
            except AttachmentTooLargeError as error:
                raise PictureTooLargeError(f"A picture has at most {error.most} bytes.") from None
            except (PyMongoError, ContendedError):  # or the same picture arrives twice at once
                raise RetryLaterError("Pictures cannot be stored now.") from None
        picture = VisitorPicture(id=stored.id, name=stored.name)
        written = msgspec.structs.replace(written, picture=picture)
        return await self.write(site, visitor, written)

    @contextmanager
    def _arrival(self, site: Site) -> Iterator[None]:
        """Counts a picture that arrives."""
        if (
            self._arriving[site.app_id] >= PICTURES_AT_ONCE_OF_PAGE
            or self._arriving.total() >= PICTURES_AT_ONCE
        ):
            raise TooOftenError("Too many pictures arrive at this moment.", 2.0)
        self._arriving[site.app_id] += 1
        try:
            yield
        finally:
            self._arriving[site.app_id] -= 1
            if not self._arriving[site.app_id]:
                del self._arriving[site.app_id]
