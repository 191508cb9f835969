"""Reads stored bodies again and writes their events: `python -m tuyen_ingest.replay`.

`raw` reads every accepted body, `dead-letters` the parts that could not be read (P3, P4). Ids are
derived from the bodies, so events that are in the log already are recognized as duplicates, and
`accepted_at` stays that of the first time. What was written to a page that belongs to another
organization now is not written, and counted. If a body was delivered again after one of its pages
had moved, its last copy counts: the earlier ones were not answered, and may be in no topic.
`--list` shows what would be read and writes nothing; `--dismiss` removes dead letters from the
lists without reading them.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tuyen_events.dead_letters import LetterOutcome
from tuyen_events.ids import OrganizationId, PageId
from tuyen_ingest.body_replay import ReplaySelection, replay, settle_letter
from tuyen_ingest.bootstrap import compose
from tuyen_ingest.domain.pages import ReplayScope
from tuyen_ingest.settings import IngestSettings
from tuyen_ingest.stored_bodies import KINDS, StoredBody, TimeRange, read_stored
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.logging import configure_logging

_POLL_S = 0.05


async def _main(selection: ReplaySelection, *, only_list: bool, dismiss: bool) -> None:
    settings = IngestSettings()
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        if only_list or dismiss:
            async for found in read_stored(log, selection.what, selection.time_range):
                if selection.selects(found):
                    _print_line(_show(found))
                    if dismiss:
                        now = datetime.now(UTC)
                        await settle_letter(log, found, LetterOutcome.DISMISSED, None, now)
            return
        ingest = compose(settings, log, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(table.run()) for table in ingest.tables]
            while ingest.health.problems():  # noqa: ASYNC110 - health checks can only be polled
                await asyncio.sleep(_POLL_S)
            _print_line((await replay(ingest, log, selection))._asdict())
            for task in running:
                task.cancel()


def _show(found: StoredBody) -> Mapping[str, object]:
    shown = {"body": found.body.decode("utf-8", "replace"), "owners": dict(found.owners)}
    return found._asdict() | shown


def _print_line(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tuyen_ingest.replay", description=__doc__)
    parser.add_argument("what", choices=KINDS)
    parser.add_argument("--list", action="store_true", help="show what is kept, write nothing")
    parser.add_argument(
        "--since", type=_moment, help="accepted at or after this RFC 3339 time (UTC if it has none)"
    )
    parser.add_argument("--until", type=_moment, help="accepted before this time")
    parser.add_argument("--organization", help="read only what belongs to its pages")
    parser.add_argument("--page", help="read only what belongs to this page of it")
    parser.add_argument(
        "--letter", action="append", default=[], help="a dead letter's id, as listed; repeatable"
    )
    parser.add_argument(
        "--dismiss", action="store_true", help="remove these dead letters from the lists"
    )
    given = parser.parse_args(arguments)
    if given.dismiss and (given.what != "dead-letters" or not given.letter):
        parser.error("--dismiss is for dead-letters, each named by --letter")
    if given.letter and given.what != "dead-letters":
        parser.error("--letter is for dead-letters")
    if given.page and not given.organization:
        parser.error("--page needs --organization: pages of two organizations may have one id")
    return given


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    given = _parse_arguments(arguments)
    selection = ReplaySelection(
        what=given.what,
        time_range=TimeRange(given.since, given.until),
        readers=ReplayScope(
            OrganizationId(given.organization) if given.organization else None,
            PageId(given.page) if given.page else None,
        ),
        letters=frozenset(given.letter),
    )
    configure_logging("ingest-replay", "json")
    asyncio.run(_main(selection, only_list=given.list, dismiss=given.dismiss))


if __name__ == "__main__":
    main()
