"""`make faults`: breaks the running stack at random, again and again, and tells what held."""

import asyncio
import logging
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict
from rich.console import Console
from rich.markdown import Markdown

from faults import plan, report, shrinking
from faults.plan import Step
from faults.run import Outcome, load, run, store


class FaultSettings(BaseSettings):
    """From the environment, with the prefix `TUYEN_FAULTS_`."""

    model_config = SettingsConfigDict(env_prefix="TUYEN_FAULTS_", frozen=True)

    seed: int | None = None
    """The first run's; later ones count on from it. Drawn when it is not given."""
    seconds: float = 120.0
    """How long each history lasts; a run takes two to three minutes more."""
    runs: int = 1
    plan: Path | None = None
    """A plan that was kept (`var/faults/<seed>/plan.jsonl`): played instead of the seed's own."""
    shrink: int = 0
    """How many more runs may be spent on making a failing history smaller."""
    docs: bool = False
    """Whether the report goes into docs/faults.md as well."""
    directory: Path = Path("var/faults")


async def play(settings: FaultSettings, console: Console) -> list[Outcome]:
    """All runs, one after another; each says how it went."""
    first = random.SystemRandom().randrange(10**6) if settings.seed is None else settings.seed
    outcomes = []
    for seed in range(first, first + settings.runs):
        steps = load(settings.plan) if settings.plan else plan.draw_plan(seed, settings.seconds)
        console.print(f"seed {seed}: {len(steps)} steps in {steps[-1].at:.0f} s", highlight=False)
        outcome = await run(seed, steps, settings.directory, measured=True)
        outcomes.append(outcome)
        for line in outcome.broken:
            console.print(f"BROKEN {line}", markup=False, highlight=False)
        if outcome.broken:
            console.print(f"kept in {settings.directory / str(seed)}", highlight=False)
            await _shrink(settings, console, seed, steps)
    return outcomes


async def _shrink(
    settings: FaultSettings, console: Console, seed: int, steps: Sequence[Step]
) -> None:
    async def breaks(smaller: Sequence[Step]) -> bool:
        outcome = await run(seed, smaller, settings.directory / "smaller")
        console.print(f"{len(smaller)} steps: {len(outcome.broken)} laws broken", highlight=False)
        return bool(outcome.broken)

    if settings.shrink:
        smallest = await shrinking.shrunk(steps, breaks, settings.shrink)
        store(settings.directory / str(seed) / "smallest.jsonl", smallest)


def main(settings: FaultSettings) -> int:
    """1 when a law was broken."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is cut off again and again
    console = Console()
    outcomes = asyncio.run(play(settings, console))
    text = report.write_report(outcomes, settings.directory / "report.md")
    if settings.docs:
        report.into_docs(text, Path("docs/faults.md"))
    console.print(Markdown(text))
    return int(any(outcome.broken for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(FaultSettings()))
