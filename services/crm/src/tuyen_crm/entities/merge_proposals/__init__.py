"""Proposals to merge contacts that different people look after (C2). The contacts' own documents
have them."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.merge_proposals import decide, view
from tuyen_crm.entities.merges.evolve import evolve_proposal
from tuyen_events.crm.merge_proposals import (
    DecideProposal,
    EndProposals,
    MergeProposalApproved,
    MergeProposalClosed,
    MergeProposed,
)
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[decide.ProposalCommands, view.ProposalEvents, ContactDocument] = Entity(
    name="merge_proposals",
    commands=(DecideProposal, EndProposals),
    decide=decide.decide,
    events=(MergeProposed, MergeProposalApproved, MergeProposalClosed),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve_proposal,
)
