"""Every list and filter is answered from an index: no read of the gateway scans a collection."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from gateway.adapters.profiling import Read, profile
from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.dead_letters import LetterOutcome
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    RuleId,
)
from tuyen_events.limits import LISTED
from tuyen_events.topics import DEAD_LETTERS
from tuyen_events.vocabulary import Channel, ConversationKind, Reason, Strategy
from tuyen_gateway.adapters.choices import MongoChoices
from tuyen_gateway.adapters.dead_letters import MongoDeadLetters
from tuyen_gateway.adapters.failed_replies import MongoFailedReplies
from tuyen_gateway.adapters.live_views import MongoLiveViews
from tuyen_gateway.adapters.posts import MongoPosts
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.adapters.replies import MongoReplies
from tuyen_gateway.adapters.scans import MongoScans
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.dead_letters import DeadLetter
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.posts import PagePost
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.ports.live import OurMessages
from tuyen_gateway.ports.replies import Sender
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.counters import write_rows
from tuyen_gateway.projections.dead_letters import LETTERS, ensure_letter_indexes
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database, Document

SHOP, LAN, RULE = OrganizationId("shop"), AgentId("lan"), RuleId("rule")
START = datetime(2026, 11, 21, 8, tzinfo=UTC)
LIMIT = 5
ROWS, MESSAGES, POSTS, DEAD, ENTRIES = 300, 3_000, 600, 600, 3_000
PAGES = [PageId(f"page-{number}") for number in range(3)]
THREADS = 20
STATES = {1: ReplyState.PENDING, 3: ReplyState.FAILED}

EVERYBODY = Scope(organization=SHOP, agent_id=LAN, pages=None, assignees=Assignees.ALL)
SCOPES: Mapping[str, Scope] = {
    "everybody's": EVERYBODY,
    "some pages'": replace(EVERYBODY, pages=frozenset(PAGES[:2])),
    "their own": replace(EVERYBODY, assignees=Assignees.OWN),
    "their own and nobody's": replace(EVERYBODY, assignees=Assignees.OWN_AND_UNASSIGNED),
    "a new agent's": replace(EVERYBODY, since=START + timedelta(seconds=ROWS // 2)),
}
FILTERS: Mapping[str, ConversationFilter] = {
    "all": ConversationFilter(),
    "unread": ConversationFilter(unread=True),
    "assignee": ConversationFilter(held_by=Holder(agent_id=LAN)),
    "nobody's": ConversationFilter(held_by=Holder(agent_id=None)),
    "page": ConversationFilter(page_id=PAGES[1]),
    "channel": ConversationFilter(channel=Channel.ZALO),
    "kind": ConversationFilter(kind=ConversationKind.COMMENT),
    "tag": ConversationFilter(tag="vip"),
    "name": ConversationFilter(name="khách 1"),
    "customer": ConversationFilter(external_id="psid-12"),
    "done": ConversationFilter(done=True),
    "several": ConversationFilter(unread=True, tag="vip", kind=ConversationKind.MESSAGE),
}


def _row(number: int) -> InboxRow:
    name, at = f"khach {number}", START + timedelta(seconds=number)
    return InboxRow(
        id=ConversationId(f"msg_{number:05}"),
        organization=SHOP,
        page_id=PAGES[number % 3],
        channel=list(Channel)[number % 3],
        kind=list(ConversationKind)[number // 3 % 3],
        external_id=f"psid-{number}",
        customer=RowCustomer(
            id=CustomerId(f"cus_{number}"), external_id=f"psid-{number}", name=name, picture=None
        ),
        name_folded=name,
        inbound_events=1,
        live_events=1,
        updated_at=at,
        active_at=at,
        first_inbound_at=at,
        last_inbound_at=at,
        assignee=LAN if number % 2 else None,
        tags=("vip",) if number % 5 == 0 else (),
        tag_keys=("vip",) if number % 5 == 0 else (),
    )


def _message(number: int) -> Message:
    comment = number % 2 == 0
    return Message(
        id=MessageId(f"m_{number:05}"),
        organization=SHOP,
        page_id=PAGES[1],
        at=START + timedelta(seconds=number),
        accepted_at=START + timedelta(seconds=number),
        accepted_us=0,
        partition=number % 24,
        offset=number,
        conversation_id=ConversationId(f"msg_{number % THREADS:05}"),
        direction=Direction.OUT if number // THREADS % 4 == 1 else Direction.IN,
        external_id=f"mid-{number}",
        comment=comment,
        post_id="post-1" if comment else None,
        state=STATES.get(number // THREADS % 4),
    )


def _post(number: int) -> PagePost:
    return PagePost(
        id=f"{SHOP}|{PAGES[1]}|post-{number}",
        organization=SHOP,
        page_id=PAGES[1],
        channel=Channel.FACEBOOK,
        external_id=f"post-{number}",
        created_at=START + timedelta(seconds=number),
    )


def _letter(number: int) -> DeadLetter:
    return DeadLetter(
        id=f"let_{number:05}",
        organization=SHOP,
        page_id=PAGES[1],
        service="ingest",
        origin="raw",
        delivery_id="d",
        error="unreadable",
        payload="{}",
        at=START + timedelta(seconds=number),
        partition=number % DEAD_LETTERS.partitions,
        offset=number,
        changed=number,
        outcome=LetterOutcome.SENT if number % 2 else None,
    )


def _document(value: msgspec.Struct) -> Document:
    document: Document = msgspec.to_builtins(value, builtin_types=(datetime,))
    return document


@pytest.fixture
async def filled(views: Database) -> Database:
    """Some of everything that callers and streams read."""
    await collections.ensure_indexes(views)
    await ensure_letter_indexes(views)
    assert await write_rows(views, {}, map(_row, range(ROWS)))
    assert await collections.write_documents(
        views[collections.MESSAGES], {}, [_message(number) for number in range(MESSAGES)]
    )
    for collection, documents in (
        (collections.PAGE_POSTS, [_document(_post(number)) for number in range(POSTS)]),
        (LETTERS, [_document(_letter(number)) for number in range(DEAD)]),
    ):
        await views[collection].insert_many(documents)
    await views[collections.HISTORY].insert_many(
        [
            {
                **dict.fromkeys(("previous_agent_id", "by", "note")),
                "organization": SHOP,
                "agent_id": LAN,
                "mode": Strategy.SEQUENTIAL.value,
                "rule_id": RULE,
                "_id": f"a_{number}",
                "conversation_id": _row(1).id,
                "version": number,
                "reason": next(iter(Reason)).value,
                "candidates": [],
                "caused_by": "e",
                "at": START + timedelta(seconds=number),
            }
            for number in range(THREADS * LIMIT)
        ]
    )
    await views[collections.JOURNAL].delete_many({})
    old = datetime.now(UTC) - timedelta(minutes=30)
    await views[collections.JOURNAL].insert_many(
        [{"organization": SHOP, "at": old, "changes": b"\x92\x90\x90"} for _ in range(ENTRIES)]
    )
    return views


def _lists(database: Database) -> Mapping[str, Read]:
    """What returns a page: each reads about as much as it returns."""
    log, clock, reads = InMemoryLog(SystemClock()), SystemClock(), ReadLimiter()
    views = MongoViews(database, log, ConsumerStatus())
    posts, live = MongoPosts(database), MongoLiveViews(database)
    letters, replies = MongoDeadLetters(database, log, reads), MongoReplies(database, log, clock)
    choices, failures = MongoChoices(database, reads), MongoFailedReplies(database, reads)
    row = _row(1)

    async def comments(after: str | None) -> str | None:
        return (await posts.comments(EVERYBODY, _post(1), LIMIT, after)).following

    async def read_twice(page: Callable[[str | None], Awaitable[str | None]]) -> None:
        following = await page(None)
        assert following is not None
        await page(following)

    async def messages(after: str | None) -> str | None:
        return (await views.messages(row, LIMIT, after)).following

    async def posts_of_page(after: str | None) -> str | None:
        return (await posts.posts(EVERYBODY, PAGES[1], LIMIT, after)).following

    async def all_posts(after: str | None) -> str | None:
        return (await posts.posts(EVERYBODY, None, LIMIT, after)).following

    async def open_letters(after: str | None) -> str | None:
        return (await letters.list_letters(SHOP, None, LIMIT, after)).following

    return {
        "history": lambda: views.history(row, LIMIT, None),
        "messages": lambda: read_twice(messages),
        "posts of a page": lambda: read_twice(posts_of_page),
        "posts": lambda: read_twice(all_posts),
        "post": lambda: posts.post(EVERYBODY, "post-1"),
        "comments of a post": lambda: read_twice(comments),
        "dead letters": lambda: read_twice(open_letters),
        "position of dead letters": lambda: letters.position(SHOP),
        "dead letter": lambda: letters.find(SHOP, _letter(1).id),
        "reply": lambda: replies.find(SHOP, [_message(1).id]),
        "last comment": lambda: replies.find_last_comment(row),
        "pending replies": lambda: replies.check_pending(Sender(SHOP, PAGES[1], LAN)),
        "failed replies": lambda: failures.failed(EVERYBODY, LIMIT),
        "failed replies on some pages": lambda: failures.failed(SCOPES["some pages'"], LIMIT),
        "last choice": lambda: choices.last(SHOP, RULE),
        "loads": lambda: choices.loads(SHOP, [LAN]),
        "live rows": lambda: live.rows([row.id], None),
        "live messages": lambda: live.messages([_message(1).id], None),
        "live counts": lambda: live.counts(EVERYBODY),
        "head": lambda: live.head(SHOP),
        "changes of a minute": lambda: live.entries(
            SHOP, datetime.now(UTC) - timedelta(minutes=1), LIMIT
        ),
    }


def _others(database: Database) -> Mapping[str, Read]:
    """What also has to read some that it does not return."""
    log = InMemoryLog(SystemClock())
    views, scans = MongoViews(database, log, ConsumerStatus()), MongoScans(database)
    live, row = MongoLiveViews(database), _row(1)
    later = START + timedelta(seconds=MESSAGES // 2)
    said = OurMessages(row.id, later, later + timedelta(seconds=100))
    found: dict[str, Read] = {
        "shown until a message": lambda: views.find_shown_until(row, _message(1).id),
        "shown but the last": lambda: views.find_shown_but_last(row),
        "live states": lambda: live.ours(said, LIMIT, None),
        "newer": lambda: live.count_newer(row.id, [START], None),
        "inactive": lambda: scans.inactive(SHOP, START, LIMIT, None),
    }
    for whose, scope in SCOPES.items():
        for name, wanted in FILTERS.items():

            async def read_list(scope: Scope = scope, wanted: ConversationFilter = wanted) -> None:
                first = await views.conversations(scope, wanted, LIMIT, None)
                if first.following is not None:
                    await views.conversations(scope, wanted, LIMIT, first.following)

            async def count(scope: Scope = scope, wanted: ConversationFilter = wanted) -> None:
                await views.counts(scope, wanted)

            async def select(scope: Scope = scope, wanted: ConversationFilter = wanted) -> None:
                await scans.ids(scope, wanted, LIMIT, None)

            found[f"list of {whose}, {name}"] = read_list
            found[f"counts of {whose}, {name}"] = count
            found[f"selection of {whose}, {name}"] = select
    return found


async def test_i4_no_read_scans_a_collection(filled: Database) -> None:
    for name, read in {**_lists(filled), **_others(filled)}.items():
        plans = {one["planSummary"] for one in await profile(filled, read)}
        assert not [plan for plan in plans if "COLLSCAN" in plan], (name, plans)


async def test_i4_a_list_reads_little_more_than_it_returns(filled: Database) -> None:
    """Of the comments below a post, a part is read at a time, because some may be others'."""
    for name, read in _lists(filled).items():
        most = LISTED if name == "comments of a post" else 2 * LIMIT
        for one in await profile(filled, read):
            assert one.get("docsExamined", 0) <= most, (name, one["planSummary"])


async def test_i6_pending_replies_are_counted_without_reading_them(filled: Database) -> None:
    replies = MongoReplies(filled, InMemoryLog(SystemClock()), SystemClock())
    done = await profile(filled, lambda: replies.check_pending(Sender(SHOP, PAGES[1], LAN)))
    assert [one.get("docsExamined") for one in done] == [0]
    assert done[0]["keysExamined"] <= MESSAGES // 3
