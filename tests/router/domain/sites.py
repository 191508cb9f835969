"""Organizations with a site: agents in departments and regions, and in groups that links name."""

import msgspec

from support.organizations import after, agent, department, group, link, region, shop
from tuyen_events.directory import AgentChanged


def _in(name: str, departments: str = "", regions: str = "") -> AgentChanged:
    """An agent of some departments and regions, named with blanks between."""
    return msgspec.structs.replace(
        agent(name), departments=tuple(departments.split()), regions=tuple(regions.split())
    )


SITE = after(
    shop(
        agents=[
            _in("a", "sales", "sales/north"),
            _in("b", "sales care", "sales/south care/north"),
            _in("c", "care", "sales/north"),
        ]
    ),
    department("sales"),
    department("care"),
    region("sales", "north"),
    region("sales", "south"),
    region("care", "north"),
)
LINKED = after(SITE, group("shoes", "bc"), group("nobody", ""), link("shop.example/giay", "shoes"))
