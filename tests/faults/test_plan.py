"""The plan, its shrinking and the report: all that can be told without running anything."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from faults import plan, report
from faults.laws import LAWS, Finding
from faults.odd import ODD_BODIES, odd_body
from faults.plan import FAULTS, OUTBOUND_FAULTS, Step
from faults.run import Outcome, load, store
from faults.shrinking import shrunk


def test_the_same_seed_is_the_same_plan_and_another_is_another() -> None:
    assert plan.draw_plan(1, 30) == plan.draw_plan(1, 30)
    assert plan.draw_plan(1, 30) != plan.draw_plan(2, 30)


def test_every_kind_of_fault_comes_in_the_short_run() -> None:
    faults = [each.given for each in plan.draw_plan(3, 50) if each.do == "fault"]
    wanted = {*FAULTS, *OUTBOUND_FAULTS} - {("throttle", "zalo")}  # a minute's pause at its end
    assert {(each["what"], each["target"]) for each in faults} == wanted
    longer = [each.given for each in plan.draw_plan(3, 300) if each.do == "fault"]
    assert {(each["what"], each["target"]) for each in longer} == {*FAULTS, *OUTBOUND_FAULTS}


def test_what_is_refused_is_never_published() -> None:
    webhooks = [each.given for each in plan.draw_plan(4, 200) if each.do == "webhook"]
    forged = {said["id"] for each in webhooks if each.get("forged") for said in each["said"]}
    spoken = {said.get("parent") for each in webhooks for said in each["said"]}
    assert forged
    assert not forged & spoken


def test_an_id_is_said_once() -> None:
    webhooks = [each.given for each in plan.draw_plan(5, 200) if each.do == "webhook"]
    said = [said["id"] for each in webhooks for said in each["said"] if said["kind"] != "broadcast"]
    assert Counter(said).most_common(1)[0][1] == 1


@pytest.mark.parametrize("which", ODD_BODIES)
def test_an_odd_body_is_what_it_says_and_holds_its_neighbour(which: str) -> None:
    steps = [each.given for each in plan.draw_plan(8, 400) if each.do == "odd"]
    given = next(each for each in steps if each["which"] == which)
    body = odd_body(which, given["odd"], given["beside"])
    assert body.site or given["beside"]["id"].encode() in body.raw
    assert (
        not body.raw.isascii() or b"\\u" in body.raw or len(body.raw) > 5_000 or b"9999" in body.raw
    )


def test_a_history_rebuilds_the_views_once_while_it_continues() -> None:
    assert [each.do for each in plan.draw_plan(9, 50)].count("rebuild") == 1


def test_a_plan_that_was_stored_is_the_same_plan(tmp_path: Path) -> None:
    steps = plan.draw_plan(6, 20)
    store(tmp_path / "plan.jsonl", steps)
    assert load(tmp_path / "plan.jsonl") == steps


async def test_shrinking_leaves_what_breaks() -> None:
    """A run breaks by one kind of fault after one message: little else is left of the plan."""

    async def breaks(steps: Sequence[Step]) -> bool:
        tried.append(len(steps))
        faults = [each.given["what"] for each in steps if each.do == "fault"]
        return "freeze" in faults and any(each.do == "webhook" for each in steps)

    tried: list[int] = []
    smallest = await shrunk(plan.draw_plan(7, 50), breaks, 60)
    kinds = {each.given["what"] for each in smallest if each.do == "fault"}
    assert kinds == {"freeze"}
    assert len(tried) <= 60
    assert len(smallest) < 60


def test_the_report_says_what_struck_and_what_held(tmp_path: Path) -> None:
    law = next(iter(LAWS))
    counts = Counter({"kill router": 2, "webhook": 5})
    outcomes = [Outcome(1, 10, 60.0, counts, [Finding(law, 7, ["x"])])]
    page = tmp_path / "faults.md"
    page.write_text("Before.\n<!-- made by make faults -->\nwhat stood\n<!-- end -->\nAfter.\n")
    report.into_docs(report.write_report(outcomes, tmp_path / "report.md"), page)
    text = page.read_text()
    assert "router 2" in text
    assert f"| {law} | 7 | 1 |" in text
    assert "**broken**" in text
    assert "what stood" not in text
    assert text.startswith("Before.")
    assert text.endswith("After.\n")
