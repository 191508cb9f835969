"""What is done with contacts manually, drawn step by step."""

import random

from faults.tenants import AGENTS, TENANTS, Json

_DRAWS = {"add": 5, "one_phone": 3, "claim": 4, "take_back": 2, "share": 3, "merge": 1}
_RIPE_S = 3.0
"""So long after a contact was added it can be found, if nothing is broken."""
_RECENT = 12


class DrawingContacts:
    """Draws steps; remembers which contacts were added, so that later steps can be about them.

    Contacts that get a phone number which another one gets too are never claimed nor shared:
    whether two contacts of different owners are merged is for their managers to say.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._nobodys: dict[str, list[tuple[float, str]]] = {each: [] for each in TENANTS}
        self._work: dict[str, list[tuple[float, str]]] = {each: [] for each in TENANTS}

    def draw(self, number: int, at: float) -> tuple[str, Json]:
        """The next step: what is done, and what it is about."""
        tenant = self._dice.choice([*TENANTS])
        drawn = self._dice.choices([*_DRAWS], [*_DRAWS.values()])[0]
        known = self._nobodys if drawn == "one_phone" else self._work
        ripe = [name for since, name in known[tenant] if since <= at - _RIPE_S][-_RECENT:]
        if drawn == "add" or len(ripe) < 2:
            return self._add(number, at, tenant)
        first, second = self._dice.sample(ripe, 2)
        given: Json = {"tenant": tenant, "about": first}
        match drawn:
            case "one_phone":
                return drawn, {**given, "beside": second, "phone": _phone(number)}
            case "merge":
                return drawn, {**given, "beside": second}
            case "claim":
                claimers = self._dice.sample(AGENTS, self._dice.randint(2, len(AGENTS)))
                return drawn, {**given, "claimers": claimers}
            case "share":
                agent, on = self._dice.choice(AGENTS), self._dice.random() < 0.7
                return drawn, {**given, "agent": agent, "on": on}
            case _:
                return drawn, given

    def _add(self, number: int, at: float, tenant: str) -> tuple[str, Json]:
        name, is_nobodys = f"k{number}", self._dice.random() < 0.5
        known = self._nobodys if is_nobodys else self._work
        known[tenant].append((at, name))
        return "add", {"tenant": tenant, "name": name, "phone": _phone(number)}


def _phone(number: int) -> str:
    """No two steps have the same; two organizations may."""
    return f"+8491{number:07d}"
