"""Batches, steps, headers and co-partitioning, on a real broker."""

import signal
from pathlib import Path

import pytest

from stream.workers import CHOOSERS, PARTITIONS, Bench, until

pytestmark = pytest.mark.kafka


async def test_nothing_is_handled_before_the_gate_opens(bench: Bench, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    await bench.send(200)
    worker = await bench.worker(gate=str(gate), step_for=0)
    await until(lambda: worker.owned() == list(range(PARTITIONS)))
    assert not worker.status()["ready"]
    assert await bench.read(bench.topic("assigned")) == []
    assert await bench.read(bench.topic("choices")) == []
    assert worker.status()["steps"] == []

    gate.touch()
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
    assert worker.status()["handled_before_gate"] == 0


async def test_two_stages_ask_and_answer_each_other_in_one_app(bench: Bench) -> None:
    await bench.send(300, value=b"ask")
    worker = await bench.worker()
    await until(lambda: worker.status().get("handled", {}) == {"one": 600, "two": 300})
    answers = await bench.read(bench.topic("answers"))
    assert len(answers) == 300
    bench.sent.update((r.topic, r.partition, r.offset) for r in answers)
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
    assert all(int(r.key) % PARTITIONS == r.partition for r in answers)


async def test_topics_and_changelogs_of_a_partition_are_on_one_worker(bench: Bench) -> None:
    first, second = await bench.worker(), await bench.worker()
    await until(
        lambda: (
            sorted(first.owned() + second.owned()) == list(range(PARTITIONS))
            and sorted(first.owned("two") + second.owned("two")) == list(range(CHOOSERS))
            and bool(
                first.owned() and second.owned() and first.owned("two") and second.owned("two")
            )
        )
    )
    for worker in (first, second):
        assignment = {tuple(tp) for tp in worker.status()["assignment"]}
        for names, stage in (
            (("inbound", "answers", "commands", "assigned", "customers"), "one"),
            (("requests", "choices"), "two"),
        ):
            for name in names:
                at = [p for topic, p in assignment if topic == bench.topic(name)]
                assert sorted(at) == worker.owned(stage), f"{name} of {stage}"


async def test_steps_run_on_owned_and_recovered_partitions_alone(bench: Bench) -> None:
    first = await bench.worker(step_for=0)
    await until(lambda: ["owned", True] in first.status().get("steps", []))
    second = await bench.worker(step_for=0)
    await second.ready()
    await until(
        lambda: (
            sorted(first.owned("two") + second.owned("two")) == list(range(CHOOSERS))
            and ["not owned", False] in first.status()["steps"] + second.status()["steps"]
        )
    )
    owner, other = (first, second) if 0 in first.owned("two") else (second, first)
    mark = len(await bench.read(bench.topic("choices")))
    await until(lambda: _more(bench, mark))
    steps = [r for r in (await bench.read(bench.topic("choices")))[mark:] if r.key == b"step"]
    assert {r.value for r in steps} == {b"%d" % owner.pid}

    owner.signal(signal.SIGTERM)
    assert await owner.exit_code() == 0
    mark = len(await bench.read(bench.topic("choices")))
    await until(lambda: _more(bench, mark))
    await until(lambda: ["owned", True] in other.status()["steps"])


async def _more(bench: Bench, mark: int) -> bool:
    return len(await bench.read(bench.topic("choices"))) > mark + 5


async def test_headers_of_a_public_changelog_reach_the_state(bench: Bench) -> None:
    await bench.send(120)
    worker = await bench.worker()
    await until(bench.all_handled)
    assert all(
        r.headers == (("source", b"test"),) for r in await bench.read(bench.topic("assigned"))
    )
    worker.signal(signal.SIGTERM)
    assert await worker.exit_code() == 0
    again = await bench.worker()
    await again.ready()
    rows = again.status()["tables"]["assigned"]
    assert sum(seen for _, _, seen in rows.values()) == 120
