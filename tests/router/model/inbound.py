"""What customers and pages do: messages and comments, once or twice, and what is removed."""

from typing import Any

from router.model.candidates import NO_VISIT, Visit
from router.model.history import History
from router.model.model import STICKY, Model
from router.model.threads import Thread, author, is_reply, is_root, partition_of, word_of
from router.model.world import ON_PAGES, PARTITIONS, PEOPLE, VISITS
from tuyen_events.event import Event
from tuyen_events.ids import event_id
from tuyen_events.inbound import CommentAdded, CommentRemoved, MessageDeleted, MessageReceived
from tuyen_events.inbound import Visit as VisitTold
from tuyen_events.topics import INBOUND


def write(history: History) -> None:
    customer = history.random.choice(history.customers)
    kind = history.random.choice(["message", "message", "livestream", "comment", "reply"])
    if PEOPLE[customer] == "site" or (kind == "livestream" and history.counts_loads):
        kind = "message"
    if history.early and history.random.random() < 0.2:
        _say(history, *history.early.pop())
    elif kind in STICKY:
        _write(history, _sticky_thread(history, customer, kind), kind)
    elif kind == "comment" and history.unborn and history.random.random() < 0.5:
        _write(history, history.unborn.pop(), "comment")
    elif kind == "comment" and history.late and history.random.random() < 0.5:
        _write(history, history.late.pop(), "comment")
    elif kind == "comment":
        _write(history, Thread(f"c-{customer}-{history.count}", "comment", customer), "comment")
    else:
        reply(history)


def reply(history: History) -> None:
    """Somebody replies below a root; maybe below one that was never told, or is still to be."""
    roots = [each for each in history.threads.values() if each.kind == "comment"]
    if history.random.random() < 0.3 or not roots:
        customer = history.random.choice(ON_PAGES)
        thread = Thread(f"b-{customer}-{history.count}", "comment", customer)
        history.late += [thread] * history.random.randint(0, 1)
    else:
        thread = history.random.choice([*roots, *roots[-3:], *roots[-3:]])
    _write(history, thread, "reply", _replier(history, thread))
    if thread in history.late and history.random.random() < 0.5:  # in one batch with it
        history.late.remove(thread)
        _write(history, thread, "comment")


def _replier(history: History, thread: Thread) -> str:
    others = [each for each, page in PEOPLE.items() if page == thread.page]
    return history.random.choice([thread.customer, thread.customer, *others])


def _sticky_thread(history: History, customer: str, kind: str) -> Thread:
    if kind == "message":
        return Thread(f"m-{customer}", kind, customer)
    return Thread(f"l-{customer}-{history.random.choice('xy')}", kind, customer)


def _write(history: History, thread: Thread, kind: str, by: str | None = None) -> None:
    history.count += 1
    _say(history, thread, event_id(f"{kind}-{history.count}"), _inbound(history, thread, kind, by))


def _say(history: History, thread: Thread, event: str, body: Event) -> None:
    history.threads.setdefault(thread.id, thread)
    history.told.append((thread, event, body))
    _tell(history, thread, event, body)


def remove(history: History) -> None:
    """A root comment is removed, by its author or by somebody who is not told."""
    roots = [each for each in history.threads.values() if each.kind == "comment"]
    if history.random.random() < 0.3 or not roots:
        customer = history.random.choice(history.customers)
        if PEOPLE[customer] == "site":
            return
        history.count += 1
        thread = Thread(f"c-{customer}-{history.count}", "comment", customer)
        history.unborn.append(thread)
    else:
        thread = history.random.choice(roots)
    by_author = thread.id not in history.owned and history.random.random() < 0.5
    history.removed.add(thread.id)
    history.count += 1
    history.log.append(f"remove {thread.id}, by its author: {by_author}")
    event = event_id(f"remove-{history.count}")
    body = CommentRemoved(**_common_inbound(history, thread, named=by_author))
    place = thread.partition if by_author else history.random.choice(PARTITIONS)
    history.append(INBOUND.name, thread, event, body, place)
    if history.model is not None:
        history.model.remove(thread.customer, thread.id)
        history.model.changed()


def take_back(history: History) -> None:
    """A customer removes a message, a reply, or a comment on a livestream; perhaps before it
    comes."""
    told = [each for each in history.told[-12:] if not is_root(each[2])]
    if history.random.random() < 0.2 or not told:
        told = [_early(history)]
    replies = [each for each in told if is_reply(each[2])]
    thread, _, said = history.random.choice(history.random.choice([told, replies or told]))
    by = author(said)
    history.count += 1
    history.taken_back.add(word_of(said))
    history.log.append(f"{by} takes back {word_of(said)} in {thread.id}")
    common = {**history.about(thread, by), "message_id": word_of(said)}
    body: Event
    if thread.kind == "message":
        del common["external_id"]
        body = MessageDeleted(**common)
    elif thread.kind == "livestream":
        common.update(conversation_id=None, livestream=True, post_external_id="post")
        body = CommentRemoved(**common)
    else:
        common.update(parent_external_id="root", post_external_id="post")
        body = CommentRemoved(**common)
    event = event_id(f"take-back-{history.count}")
    history.append(INBOUND.name, thread, event, body, partition_of(by))
    if history.model is not None:
        waiting = by if thread.kind in STICKY else thread.id
        history.model.take_back(waiting, by, word_of(said), thread.kind)
        history.model.changed()


def _early(history: History) -> tuple[Thread, str, Event]:
    """What is taken back before it comes."""
    customer = history.random.choice(history.customers)
    kind = "message" if PEOPLE[customer] == "site" or history.counts_loads else "livestream"
    roots = [each for each in history.threads.values() if each.kind == "comment"]
    history.count += 1
    if roots and history.random.random() < 0.5:
        thread, kind = history.random.choice(roots), "reply"
        customer = _replier(history, thread)
    else:
        thread = _sticky_thread(history, customer, kind)
    body = _inbound(history, thread, kind, customer)
    early = (thread, event_id(f"{kind}-{history.count}"), body)
    history.early.append(early)
    return early


def own(history: History) -> None:
    """The page comments on its own post, and perhaps a customer replies."""
    customer = history.random.choice(history.customers)
    if PEOPLE[customer] == "site":
        return
    history.count += 1
    thread = Thread(f"o-{customer}-{history.count}", "comment", customer)
    history.owned.add(thread.id)
    history.threads[thread.id] = thread
    history.offsets[thread.id] = {}
    history.log.append(f"the page begins {thread.id}")
    body = CommentAdded(**_common_inbound(history, thread, named=False))
    place = history.random.choice(PARTITIONS)
    history.append(INBOUND.name, thread, event_id(f"own-{history.count}"), body, place)


def again(history: History) -> None:
    """A webhook comes twice. The router knows no reply again by somebody of whom it had not
    heard, and may open what was done for it; the model knows all."""
    told = history.told[-10:]
    if history.model is not None:
        told = [each for each in told if not is_reply(each[2]) or each[0].id in history.rooted]
        told = [each for each in told if author(each[2]) == each[0].customer]
    if told:
        _tell(history, *history.random.choice(told))


def _tell(history: History, thread: Thread, event: str, body: Event) -> None:
    by = author(body)
    place = partition_of(by)
    customer = history.customer_of(thread)
    opens = customer is not None and place == partition_of(customer)
    history.log.append(f"{event[-6:]} in {thread.id} by {by}")
    history.append(INBOUND.name, thread, event, body, place)
    offsets = history.offsets.setdefault(thread.id, {})
    if word_of(body) not in history.taken_back:
        log = history.simulation.topics.logs[INBOUND.name, place]
        offsets.setdefault(event, (place, len(log) - 1))
    if is_root(body):
        history.rooted.add(thread.id)
        if thread.id not in history.repliers:
            history.begun_by_root.add(thread.id)
    elif is_reply(body):
        history.repliers.setdefault(thread.id, []).append(by)
    if history.model is not None:
        _tell_model(history, history.model, thread, event, body, opens=opens)


def _tell_model(
    history: History, model: Model, thread: Thread, event: str, body: Event, *, opens: bool
) -> None:
    about = (author(body), thread.page, thread.id)
    word = word_of(body)
    match body:
        case CommentAdded(livestream=False, parent_external_id=None):
            model.root_comment(event, *about, opens=opens)
        case CommentAdded(livestream=False):
            model.reply(event, *about, word, opens=opens)
        case MessageReceived(visit=VisitTold() as told):
            visit = Visit(told.department, told.region, told.page_url)
            model.message(event, *about, kind=thread.kind, visit=visit, comment=word)
        case _:
            model.message(event, *about, kind=thread.kind, visit=NO_VISIT, comment=word)
    model.changed()


def _common_inbound(history: History, thread: Thread, *, named: bool) -> dict[str, Any]:
    """Of a root comment."""
    common = history.about(thread)
    if not named:
        common["customer"] = None
    return {**common, "post_external_id": "post"}


def _inbound(history: History, thread: Thread, kind: str, by: str | None = None) -> Event:
    common = history.about(thread, by)
    if kind == "message":
        visit = history.random.choice(VISITS) if thread.page == "site" else Visit()
        told = VisitTold(department=visit.department, region=visit.region, page_url=visit.url)
        return MessageReceived(**common, text="alo", visit=told)
    return CommentAdded(
        **common,
        post_external_id="post",
        parent_external_id="root" if kind == "reply" else None,
        livestream=kind == "livestream",
    )
