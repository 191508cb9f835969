"""Addresses at which a site fetches the files of a reply (L5)."""

from collections.abc import Mapping

from tuyen_events.outbound import OutboundAttachment, OutboundRequested
from tuyen_platform.file_links import FILES_PATH, FileLinks, LinkedFile


class ReplyLinks:
    """Makes them, below the public address of the gateway."""

    def __init__(self, links: FileLinks, gateway_url: str) -> None:
        self._links = links
        self._base = gateway_url.rstrip("/") + FILES_PATH

    def make_links(
        self, request: OutboundRequested, attachments: tuple[OutboundAttachment, ...]
    ) -> Mapping[str, str]:
        """The address of each file, by its id. The same whenever the request is carried out."""
        return {
            each.id: self._base
            + "/"
            + self._links.make(LinkedFile(request.organization, each.id), request.at)
            for each in attachments
        }
