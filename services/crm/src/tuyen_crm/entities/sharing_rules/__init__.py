"""Rules by which the contacts of a campaign are shared (S2)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.sharing_rules import decide, view
from tuyen_events.crm.sharing_rules import (
    PutSharingRule,
    RemoveSharingRule,
    SharingRuleChanged,
    SharingRuleRemoved,
)
from tuyen_views.sharing_rules import SHARING_RULES_VIEW, SharingRuleDocument
from tuyen_views.view import setup_key

ENTITY: Entity[decide.SharingRuleCommands, view.SharingRuleEvents, SharingRuleDocument] = Entity(
    name=decide.KIND,
    commands=(PutSharingRule, RemoveSharingRule),
    decide=decide.decide,
    events=(SharingRuleChanged, SharingRuleRemoved),
    view=SHARING_RULES_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
