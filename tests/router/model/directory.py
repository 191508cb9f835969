"""What people set up, and who comes and goes."""

from copy import deepcopy

from router.model.history import History
from router.model.world import AGENTS, DEPARTMENTS, PAGES, first_world, organization_of
from support.organizations import SHOP


def presence(history: History) -> None:
    agent = history.random.choice(AGENTS)
    history.world["agents"][agent]["presence"] = history.random.choice(
        ["online", "online", "away", "offline", "offline"]
    )
    _change(history, f"{agent}: {history.world['agents'][agent]['presence']}")


def crowd(history: History) -> None:
    """Everybody comes, or everybody goes."""
    presence = history.random.choice(["online", "offline"])
    for agent in history.world["agents"].values():
        agent["presence"] = presence
    _change(history, f"everybody: {presence}")


def agent(history: History) -> None:
    name = history.random.choice(AGENTS)
    agent = history.world["agents"][name]
    if history.random.random() < 0.5:
        agent["disabled"] = not agent["disabled"]
    elif history.random.random() < 0.5:
        agent["departments"] = history.random.sample(DEPARTMENTS, history.random.randint(0, 2))
        agent["regions"] = [f"{each}/north" for each in agent["departments"]]
    else:
        agent["role"] = history.random.choice(["agent", "sales_manager", "system_admin"])
    _change(history, f"{name}: {agent}")


def settings(history: History) -> None:
    settings = history.world["settings"]
    name = history.random.choice([*settings, "auto_reassign", "when_nobody", "suspended"])
    if name == "suspended":
        history.world["suspended"] = not history.world["suspended"]
    elif name == "when_nobody":
        settings[name] = history.random.choice(["queue", "queue", "leave_unassigned"])
    else:
        settings[name] = not settings[name]
    _change(history, f"settings: {settings}, suspended: {history.world['suspended']}")


def on(history: History) -> None:
    """Everything is switched on again, so that histories do not stay dead."""
    history.world["settings"].update(assignment=True, auto_assign=True)
    history.world["suspended"] = False
    _change(history, "settings: on")


def page(history: History) -> None:
    staff = history.random.sample(AGENTS, history.random.randint(0, len(AGENTS)))
    page = history.random.choice(PAGES)
    history.world["pages"][page]["staff"] = staff
    _change(history, f"{page}: {staff}")


def group(history: History) -> None:
    group = history.random.choice(list(history.world["groups"]))
    members = history.random.sample(AGENTS, history.random.randint(0, 2))
    history.world["groups"][group] = members
    _change(history, f"{group}: {members}")


def rule(history: History) -> None:
    name = history.random.choice(["r1", "r2"])
    rules = history.world["rules"]
    if history.random.random() < 0.1:
        rules.pop(name, None)
        _change(history, f"{name}: removed")
        return
    rule = rules.setdefault(name, deepcopy(first_world()["rules"]["r1"]))
    what = history.random.choice(["enabled", "mode", "applies_to", "pages", "members", "members"])
    if what == "enabled":
        rule[what] = not rule[what]
    elif what == "mode":
        modes = ["sequential", "random", "least_loaded" if history.counts_loads else "sequential"]
        rule[what] = history.random.choice(modes)
    elif what == "applies_to":
        rule[what] = history.random.choice(["online", "online", "all"])
    elif what == "pages":
        rule[what] = history.random.choice([None, ["page-1"], ["page-2"], list(PAGES)])
    else:
        able = [None, None, None, ["facebook_message"], ["facebook_comment"]]
        bounds = [None, 1, 2, 3] if history.counts_loads else [None]
        chosen = history.random.sample(AGENTS, history.random.randint(0, len(AGENTS)))
        rule[what] = [
            (agent, history.random.choice(able), history.random.choice(bounds)) for agent in chosen
        ]
    _change(history, f"{name}: {rule}")


def _change(history: History, what: str) -> None:
    history.log.append(what)
    simulation, organization = history.simulation, organization_of(history.world)
    counted_before = simulation.organizations[SHOP].counts_loads
    simulation.change(organization)
    if history.model is not None:
        if organization.counts_loads and not counted_before:
            # The model knows all loads at once; stage 2 does when they were told.
            simulation.stage2.dirty.discard(SHOP)
            simulation.settle(history.random)
            simulation.stage2.dirty.add(SHOP)
        history.model.changed()
