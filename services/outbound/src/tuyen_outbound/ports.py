"""What the service needs beside the log and the connectors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tuyen_channels.calls import ChannelRefusal, HiddenToken
from tuyen_events.directory import PageChanged
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.outbound import AttachmentId
from tuyen_outbound.domain.profiles import Lookup
from tuyen_platform.fair_work import WaitingItems
from tuyen_platform.page_credentials import AccountCredentials, PageProblem


class Accounts(Protocol):
    """The connected pages, and what calls for them are made with.

    An account is what `name_account` makes of a page. Everything is read from tables in memory,
    which may be some moments behind the log.
    """

    def find_page(self, organization: OrganizationId, page: PageId) -> PageChanged | None:
        """A page that requests may be carried out for; None if it is removed or inactive."""
        ...

    def find_token(self, page: PageChanged) -> HiddenToken | None:
        """What a call for the page is made with. None while it has none, has a problem that stops
        it, or its token was refused."""
        ...

    async def wait_for_change(self, page: PageChanged) -> None:
        """Returns once something changed for which `find_token` may answer differently."""
        ...

    async def stop(self, page: PageChanged, token: HiddenToken, refusal: ChannelRefusal) -> None:
        """Notes that the channel refused a call with this token, for a reason that concerns all
        calls for the page. From then on `find_token` is None, in every worker, until the page is
        given other credentials, or its token is refreshed. Has no effect if the page has another
        token already."""
        ...

    @property
    def refreshed_accounts(self) -> Sequence[str]:
        """The accounts whose tokens can be refreshed."""
        ...

    def find_credentials(self, account: str) -> AccountCredentials | None:
        """The present credentials of an account."""
        ...

    def find_problem(self, account: str) -> PageProblem | None:
        """Why the account cannot send, or (if it does not stop it) soon will not."""
        ...

    @property
    def stopped_accounts(self) -> Sequence[str]:
        """The accounts that have a problem which stops them."""
        ...

    async def catch_up(self) -> bool:
        """Waits until the tables contain everything that is in the log; False if that takes too
        long."""
        ...

    async def keep_refreshed(self, account: str, credentials: AccountCredentials) -> None:
        """Returns once refreshed credentials are stored, and the problem of the account has
        ended."""
        ...

    async def keep_problem(
        self, account: str, credentials: AccountCredentials, problem: PageProblem | None
    ) -> None:
        """Returns once it is stored what is wrong with these credentials; None: the account can
        send again. It has no effect on an account that has others by then."""
        ...


class Files(Protocol):
    """The files that agents attached."""

    async def read(self, organization: OrganizationId, attachment: AttachmentId) -> bytes | None:
        """The content of a file; None if it does not exist. Raises what MongoDB raises while it is
        unavailable."""
        ...


class WaitingProfiles(WaitingItems[Lookup], Protocol):
    """The customers and posts that channels are to be asked for, and those for which that was done,
    shared by all workers. What is known is not added, and nothing remains to be done for it; what
    was removed is added by its next event."""

    async def settle(self, wanted: Lookup, known_until: datetime) -> None:
        """It waits no more, and is not added again before `known_until`."""
        ...
