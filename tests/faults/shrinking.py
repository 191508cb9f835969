"""A smaller plan that still breaks a law: without some kinds of faults, then without halves.

A history is not replayed to the microsecond, so a smaller plan counts as breaking when it does so
in one try; where it does not, what was left out may have mattered or luck may have.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence

from faults.plan import Step

Breaks = Callable[[Sequence[Step]], Awaitable[bool]]


async def shrunk(steps: Sequence[Step], breaks: Breaks, tries: int) -> Sequence[Step]:
    """The smallest plan found in at most so many tries. Each try is a whole run."""
    smallest = steps
    left = tries
    while left:
        for smaller in _smaller(smallest):
            left -= 1
            if await breaks(smaller):
                smallest = smaller
                break
            if not left:
                return smallest
        else:
            return smallest
    return smallest


def _smaller(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """The plan without half of the kinds of faults, then each kind, then halves of its time."""
    kinds = sorted({_kind(step) for step in steps if step.do == "fault"})
    half = len(kinds) // 2
    halves = [set(kinds[:half]), set(kinds[half:])] if half else []
    for out in [*halves, *({kind} for kind in kinds if half)]:
        yield [step for step in steps if step.do != "fault" or _kind(step) not in out]
    middle = len(steps) // 2
    if middle:
        yield steps[:middle]
        yield _from_the_beginning(steps[middle:])


def _kind(step: Step) -> str:
    return f"{step.given['what']} {step.given['target']}"


def _from_the_beginning(steps: Sequence[Step]) -> list[Step]:
    return [Step(step.at - steps[0].at, step.do, step.given) for step in steps]
