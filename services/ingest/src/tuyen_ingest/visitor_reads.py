"""What visitors see: their thread as it is now, or once it has changed, and the files in it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.errors import PyMongoError

from tuyen_attachments.ports import Attachments, OpenAttachment
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import READ_WITHIN_S
from tuyen_events.visitor_limits import (
    VISITOR_READS_AT_ONCE,
    VISITOR_READS_AT_ONCE_OF_ORGANIZATION,
    VISITOR_READS_WAITING,
)
from tuyen_ingest.domain.threads import ThreadView, VisitorThread, find_last_agent
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_ingest.errors import NoSuchFileError, RetryLaterError
from tuyen_ingest.ports import ThreadSignals, VisitorCipher, VisitorThreads
from tuyen_ingest.sites import Site, Sites

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 10.0
"""After a signal, the thread is read again at growing intervals: it may show what happened some
moments later. Without any signal, because one was lost, it is read at the longest one."""

_UNAVAILABLE = "The threads cannot be read now."


class VisitorReads:
    """Reads of visitors, of which organizations have few at a time: one organization's visitors do
    not delay those of another for long (R9.5)."""

    def __init__(
        self,
        sites: Sites,
        threads: VisitorThreads,
        signals: ThreadSignals,
        cipher: VisitorCipher,
        attachments: Attachments,
    ) -> None:
        self._sites = sites
        self._threads = threads
        self._signals = signals
        self._cipher = cipher
        self._attachments = attachments
        self._at_once = asyncio.Semaphore(VISITOR_READS_AT_ONCE)
        self._of_organizations: dict[OrganizationId, asyncio.Semaphore] = {}
        self._reading: Counter[OrganizationId] = Counter()

    async def view(self, site: Site, visitor: SiteVisitor) -> ThreadView:
        """The thread as it is now. Raises RetryLaterError."""
        thread_id = visitor.find_thread(site.page)
        async with self._turn(site.page.organization):
            thread = await self._threads.read(thread_id)
        return ThreadView(
            online=self._sites.has_somebody(site),
            typing=self._signals.is_typing(thread_id),
            agent=_find_agent(site, thread),
            messages=thread.messages,
        )

    async def wait_for_change(
        self, site: Site, visitor: SiteVisitor, version: str, wait_s: float
    ) -> ThreadView:
        """The thread as soon as its version is another one; after `wait_s` seconds, as it is then.
        Raises RetryLaterError."""
        clock = asyncio.get_running_loop()
        until = clock.time() + wait_s
        pause_s = _LONGEST_PAUSE_S
        with self._signals.watch(visitor.find_thread(site.page)) as watch:
            while True:
                view = await self.view(site, visitor)
                rest_s = until - clock.time()
                if view.version != version or rest_s <= 0 or self._signals.stopping:
                    return view
                signalled = await watch.wait(min(rest_s, pause_s))
                pause_s = _FIRST_PAUSE_S if signalled else min(2 * pause_s, _LONGEST_PAUSE_S)

    async def open_file(self, site: Site, link: str) -> OpenAttachment:
        """The file of an address that a thread contained.

        Raises NoSuchFileError, RetryLaterError.
        """
        attachment = self._cipher.decrypt_link(site.app_id, link)
        if attachment is None:
            raise NoSuchFileError("This address is not valid any more: read the thread again.")
        organization = site.page.organization
        async with self._turn(organization):
            found = await self._attachments.open(organization, attachment)
        if found is None:
            raise NoSuchFileError("The file is gone.")
        return found

    async def read_file(self, site: Site, opened: OpenAttachment) -> AsyncIterator[bytes]:
        """The content of a file, each part of which is read in a turn of its own: a slow visitor
        holds none."""
        parts = opened.read_all()
        while True:
            async with self._turn(site.page.organization):
                part = await anext(parts, b"")
            if not part:
                return
            yield part

    @asynccontextmanager
    async def _turn(self, organization: OrganizationId) -> AsyncIterator[None]:
        """Waits for a turn, and holds it as long as the block lasts."""
        if self._reading[organization] >= VISITOR_READS_WAITING:
            raise RetryLaterError(_UNAVAILABLE)
        own = self._of_organizations.setdefault(
            organization, asyncio.Semaphore(VISITOR_READS_AT_ONCE_OF_ORGANIZATION)
        )
        self._reading[organization] += 1
        try:
            async with asyncio.timeout(READ_WITHIN_S), own, self._at_once:
                yield
        except (PyMongoError, TimeoutError):
            raise RetryLaterError(_UNAVAILABLE) from None
        finally:
            self._reading[organization] -= 1
            if not self._reading[organization]:
                del self._reading[organization]
                del self._of_organizations[organization]


def _find_agent(site: Site, thread: VisitorThread) -> str | None:
    """The name of who answers: of the assignee, or else of who replied last."""
    assignee = None if thread.assignee is None else site.organization.agent(thread.assignee)
    return find_last_agent(thread) if assignee is None else assignee.name
