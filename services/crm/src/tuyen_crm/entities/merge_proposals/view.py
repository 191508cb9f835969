"""How proposals change the documents of contacts, and the history of proposals in words (C8)."""

from typing import assert_never

import msgspec

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.merge_proposals import (
    MergeProposalApproved,
    MergeProposalClosed,
    MergeProposed,
    ProposalState,
)
from tuyen_events.crm_limits import DECLINED_PROPOSALS
from tuyen_views.contacts import ContactDocument
from tuyen_views.merge_proposals import ProposalOfContact

ProposalEvents = MergeProposed | MergeProposalApproved | MergeProposalClosed


def fold(document: ContactDocument | None, event: ProposalEvents) -> ContactDocument | None:
    """The document after the event. A proposal whose reason is gone is not shown any more."""
    if document is None:
        return None
    proposals = {each.id: each for each in document.proposals}
    shown = _fold_proposal(proposals.pop(event.proposal_id, None), event)
    kept = [*proposals.values(), *([shown] if shown else [])]
    ended = [each.id for each in kept if each.state is not ProposalState.OPEN]
    forgotten = set(ended[:-DECLINED_PROPOSALS])
    kept = [each for each in kept if each.id not in forgotten]
    return msgspec.structs.replace(document, proposals=tuple(kept), sequence=event.sequence)


def _fold_proposal(
    shown: ProposalOfContact | None, event: ProposalEvents
) -> ProposalOfContact | None:
    match event:
        case MergeProposed():
            return ProposalOfContact(
                id=event.proposal_id,
                place=f"{event.order:015d}.{event.proposal_id}",
                other=event.other,
                created_at=event.at,
                updated_at=event.at,
                version=event.version,
            )
        case MergeProposalApproved():
            approved = tuple(sorted(event.approved))
            return shown and msgspec.structs.replace(
                shown, approved=approved, updated_at=event.at, version=event.version
            )
        case MergeProposalClosed():
            if shown is None or event.state is None:
                return None
            return msgspec.structs.replace(
                shown, state=event.state, updated_at=event.at, version=event.version
            )
        case _:
            assert_never(event)


def describe(
    event: ProposalEvents, _before: ContactDocument | None, _after: ContactDocument | None
) -> EventDescription:
    vi, en = _describe(event)
    return EventDescription(by=event.by, vi=vi, en=en)


def _describe(event: ProposalEvents) -> tuple[str, str]:
    own = event.by is not None
    match event:
        case MergeProposed():
            vi = f"Một khách khác cũng có {event.fact}: người quản lý được hỏi có gộp hay không."
            en = f"Another contact has {event.fact} as well: the managers are asked to merge them."
        case MergeProposalApproved() if own:
            vi = "đồng ý gộp, và chờ người quản lý của khách kia."
            en = "accepted the merge, which waits for the managers of the other contact."
        case MergeProposalApproved():
            vi = "Người quản lý của khách kia đã đồng ý gộp."
            en = "The managers of the other contact accepted the merge."
        case MergeProposalClosed(state=ProposalState.ACCEPTED):
            vi, en = "chấp nhận đề nghị gộp.", "accepted the proposed merge."
        case MergeProposalClosed(state=None):
            vi = "Đề nghị gộp không còn lý do nên đã kết thúc."
            en = "The proposed merge ended, because its reason is gone."
        case MergeProposalClosed() if own:
            vi, en = "từ chối đề nghị gộp.", "declined the proposed merge."
        case MergeProposalClosed():
            vi = "Người quản lý của khách kia đã từ chối gộp."
            en = "The managers of the other contact declined the merge."
        case _:
            assert_never(event)
    return vi, en
