"""What an organization has set up that a file of contacts may name (C9)."""

from collections.abc import Collection, Mapping

from tuyen_directory.organization import Organization
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.imports.columns import ENROLLING, STEP, ImportableFields
from tuyen_views.campaigns import CAMPAIGNS_VIEW
from tuyen_views.pipelines import PIPELINES_VIEW


async def load_importable_fields(
    gateway: Gateway,
    organization: Organization,
    scope: ContactScope,
    warehouse_id: str,
    wanted: Collection[str] | None = None,
) -> ImportableFields:
    """The fields for an import into a warehouse by the viewer. Pipelines and campaigns are loaded
    only if one of the `wanted` fields needs them; all are if it is omitted."""
    crm = gateway.crm
    with_steps = wanted is None or any(each.startswith(STEP) for each in wanted)
    with_campaigns = wanted is None or not {*ENROLLING}.isdisjoint(wanted)
    pipelines: Mapping[str, Mapping[str, str]] = {}
    if with_steps:
        ids = await crm.setup_ids(PIPELINES_VIEW, organization.id)
        found = await crm.setup_among(PIPELINES_VIEW, organization.id, ids)
        pipelines = {each.id: {step.id: step.name for step in each.steps} for each in found}
    return ImportableFields(
        custom=await crm.contact_fields(organization.id),
        pipelines=pipelines,
        campaigns=frozenset(await crm.setup_ids(CAMPAIGNS_VIEW, organization.id))
        if with_campaigns
        else (),
        agents=frozenset(organization.active_agents) if warehouse_id in scope.managed else (),
    )
