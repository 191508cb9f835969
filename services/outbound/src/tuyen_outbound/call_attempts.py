"""One try to carry out a part of a request, as a value."""

from typing import NamedTuple

from tuyen_channels.calls import CallOrder, HiddenToken, RequestPart
from tuyen_channels.ports import Connector
from tuyen_events.directory import PageChanged
from tuyen_outbound.domain.requests import StoredRequest
from tuyen_outbound.reply_links import ReplyLinks


class CallAttempt(NamedTuple):
    """The present part of a request, and with what it is carried out."""

    stored: StoredRequest
    connector: Connector
    page: PageChanged
    part: RequestPart

    @property
    def account(self) -> str:
        return self.page.external_id

    def build_order(
        self, links: ReplyLinks, token: HiddenToken, handle: str | None = None
    ) -> CallOrder:
        """What the connector is told. `handle` is what the upload of the part's file returned."""
        request, part = self.stored.request, self.part
        return CallOrder(
            request=request,
            part=part,
            account=self.account,
            token=token,
            handle=handle,
            reply_url=self.page.reply_url,
            links=links.make_links(request, part.attachments),
        )
