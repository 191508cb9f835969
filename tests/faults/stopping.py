"""The examination of stops, once everything is calm: one page's token dies, and all others send."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from faults.people import People
from faults.replying import Reply, Replying, Spoken
from faults.tenants import ACCOUNTS, Account
from support.shop import eventually

SENT = frozenset({"sent", "delivered", "seen"})
_PATIENCE_S = 60.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Stop:
    """What was seen of it: the page's problem; the states of its replies when all others' had been
    waited for; those of the others, by page; and those of its own once it was connected again."""

    page: str
    problem: str | None
    waiting: Sequence[str]
    others: Mapping[str, str]
    afterwards: Sequence[str]


async def examine(replying: Replying, people: People) -> Stop | None:
    """None where nobody has written to some of the pages."""
    stopped, *others = ACCOUNTS
    spoken = {account: replying.last_spoken(account=account) for account in ACCOUNTS}
    known = {account: each for account, each in spoken.items() if each is not None}
    if known.keys() != spoken.keys():
        return None
    await replying.revoke(stopped)
    held = [(known[stopped], await replying.answer(known[stopped]))]
    problem = await _wait_for_problem(people, stopped)
    held.append((known[stopped], await replying.answer(known[stopped])))
    sent = [(known[each], await replying.answer(known[each])) for each in others]
    states = await _wait_until_sent(replying, sent)
    waiting = await _find_states(replying, held)
    await replying.connect(stopped)
    return Stop(
        stopped.page,
        problem,
        waiting,
        {account.page: state for account, state in zip(others, states, strict=True)},
        await _wait_until_sent(replying, held),
    )


async def _wait_for_problem(people: People, account: Account) -> str | None:
    admin, found = people.who[account.tenant, "admin"], list[str]()

    async def is_shown() -> bool:
        page = await admin.get(f"/v1/pages/{account.page}")
        found[:] = [page["problem"]["code"]] if "problem" in page else []
        return bool(found)

    try:
        await eventually(is_shown, lambda: "no problem is shown", _PATIENCE_S)
    except AssertionError:
        return None  # which is for the law to judge
    return found[0]


async def _wait_until_sent(
    replying: Replying, replies: Sequence[tuple[Spoken, Reply]]
) -> Sequence[str]:
    """The replies' states, once all of them are sent or the time for it is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE_S
    while True:
        states = await _find_states(replying, replies)
        if SENT.issuperset(states) or loop.time() > until:
            return states
        await asyncio.sleep(_POLL_S)


async def _find_states(
    replying: Replying, replies: Sequence[tuple[Spoken, Reply]]
) -> Sequence[str]:
    return [str(await replying.find_state(*each)) for each in replies]
