"""What was injected, how often, and what held: printed, kept, and written into `docs/faults.md`."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faults.laws import LAWS
from faults.plan import FAULTS, OUTBOUND_FAULTS
from faults.run import Outcome

_ALL_FAULTS = tuple(dict.fromkeys((*FAULTS, *OUTBOUND_FAULTS)))
_BEGIN, _END = "<!-- made by make faults -->\n", "<!-- end -->\n"

Json = dict[str, Any]


def write_report(outcomes: Sequence[Outcome], path: Path) -> str:
    """Writes the report and its numbers (`.json` beside it); returns the report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = format_report(outcomes)
    path.write_text(text)
    path.with_suffix(".json").write_text(json.dumps([_plain(each) for each in outcomes], indent=2))
    return text


def into_docs(report: str, page: Path) -> None:
    """Puts the report in the place of the one that stands on the page."""
    before, _, rest = page.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(before + _BEGIN + "\n" + report + "\n" + _END + after)


def format_report(outcomes: Sequence[Outcome]) -> str:
    """Three tables in Markdown: the runs, what was injected, what held."""
    return "\n".join(
        [*_runs(outcomes), "", *_format_injected(outcomes), "", *_format_held(outcomes), ""]
    )


def _runs(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        "| seed | steps | webhooks | faults | took | |",
        "|---|---|---|---|---|---|",
        *(
            f"| {each.seed} | {each.steps} | {each.counts['webhook']} | {_faults(each)} "
            f"| {each.took_s:.0f} s | {'**broken**' if each.broken else 'held'} |"
            for each in outcomes
        ),
    ]


def _format_injected(outcomes: Sequence[Outcome]) -> list[str]:
    counts = sum((each.counts for each in outcomes), Counter[str]())
    targets: dict[str, list[str]] = {}
    for what, target in _ALL_FAULTS:
        targets.setdefault(what, []).append(f"{target} {counts[f'{what} {target}']}")
    return [
        "| fault | how often, by what it struck |",
        "|---|---|",
        *(f"| {what} | {', '.join(each)} |" for what, each in targets.items()),
    ]


def _format_held(outcomes: Sequence[Outcome]) -> list[str]:
    looked_at, broken = Counter[str](), Counter[str]()
    for outcome in outcomes:
        for finding in outcome.findings:
            looked_at[finding.law] += finding.looked_at
            broken[finding.law] += len(finding.broken)
    return [
        "| law | looked at | broken |",
        "|---|---|---|",
        *(f"| {law} | {looked_at[law]} | {broken[law]} |" for law in LAWS),
    ]


def _faults(outcome: Outcome) -> int:
    return sum(outcome.counts[f"{what} {target}"] for what, target in _ALL_FAULTS)


def _plain(outcome: Outcome) -> Json:
    return {
        "seed": outcome.seed,
        "steps": outcome.steps,
        "took_s": round(outcome.took_s, 1),
        "counts": outcome.counts,
        "laws": {each.law: [each.looked_at, len(each.broken)] for each in outcome.findings},
        "broken": outcome.broken,
    }
