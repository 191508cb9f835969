"""The state of one organization, as its decisions read and change it.

The state is kept encoded, one value for each key, as it is stored: a million contacts are then some
600 MB, and a start decodes nothing. A decision decodes the few values that it needs.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import TypeVar

import msgspec

from tuyen_crm.contact_index import IndexChanges, apply_index_changes, note_index_changes
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.index_keys import list_index_keys
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_crm.entities import BY_EVENT, BY_NAME, evolve
from tuyen_crm.entities.warehouses.distributing import turn_after
from tuyen_crm.ports import StateBefore
from tuyen_crm.row_results import ImportedRows, RememberedImports
from tuyen_events.choosing import Cursor
from tuyen_events.crm.imports import ImportContact
from tuyen_events.crm.records import (
    ChildChange,
    ContactEvent,
    CrmCommand,
    CrmEvent,
    CrmOutcome,
    SetupEvent,
)
from tuyen_events.crm.reminders import Reminded
from tuyen_events.crm_limits import (
    CALLS_REMEMBERED,
    CALLS_REMEMBERED_S,
    IMPORT_REMEMBERED_S,
    IMPORTS_REMEMBERED,
)
from tuyen_events.ids import ContactId, OrganizationId

_TURNS = "turns"
"""The kind of the keys that have the place in a warehouse's rotation."""

_FIXED = "fixed"
"""The kind of the keys that have the children which never change, in their order."""

_IMPORTED = "imported"
"""The kind of the keys that have the rows of imports, by import."""

_FORGOTTEN_AT_ONCE = 4
"""How many of these one command forgets: more than it adds, so that those of long ago get fewer."""

_REMEMBERED = 8
"""How many commands about one contact, or about the setup, are remembered with their results: for
the same id again, the result is sent again."""


class ResultDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the result of a command contained beside the version, as in `CrmCommandSettled`."""

    survivor: ContactId | None = None
    known_elsewhere: tuple[str, ...] = ()


class StoredContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a contact.

    `home` is the partition of its events in `contacts`. `results` has, by command id, the versions
    that the last commands resulted in, oldest first.
    """

    state: ContactState
    home: int
    handled: int = -1
    """The offset of the last command that changed it; other records have it in a header."""
    results: dict[str, int] = {}
    details: dict[str, ResultDetails] = msgspec.field(name="told", default_factory=dict)
    """By command id, for those of `results` that contained more than the version."""


class FixedChildren(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the oldest child that is remembered of those that never change, and of the
    next one."""

    oldest: int = 0
    following: int = 0


class FixedChild(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: the key of its state, and when it was requested. Those of earlier versions have
    no time."""

    key: str
    at: datetime | None = None


class StoredSetup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is set up in an organization: the `sequence` of the last event, and by kind the sorted
    ids of all entities. `results` is as in `StoredContact`."""

    sequence: int = 0
    ids: dict[str, list[str]] = {}
    results: dict[str, int] = {}


_encode = msgspec.json.Encoder().encode
_StoredT = TypeVar("_StoredT")


def contact_key(organization: OrganizationId, contact_id: str) -> str:
    return f"{organization}/{contact_id}"


def entity_key(organization: OrganizationId, kind: str, entity_id: str) -> str:
    """The key of a child, or of an entity of the setup."""
    return f"{organization}/{kind}/{entity_id}"


def head_key(organization: OrganizationId) -> str:
    return f"{organization}//"


def index_keys(organization: OrganizationId, contact: ContactState | None) -> Set[str]:
    """The contact's keys in the index of a partition, which has several organizations."""
    return {index_key(organization, key) for key in list_index_keys(contact)}


def index_key(organization: OrganizationId, key: str) -> str:
    return f"{organization}/{key}"


class UnitOfWork(KnownState):
    """The state of an organization while one command is decided: the state before, and what the
    command changes. `changes` has the new value of each key, None if it was removed, and
    `index_changes` which contacts got or lost which index keys. The state before is not changed, so
    a unit of work that is dropped has no effect."""

    def __init__(self, organization: OrganizationId, before: StateBefore, offset: int) -> None:
        """`offset` is that of the command that is decided."""
        self._organization = organization
        self._before = before
        self._offset = offset
        self.changes: dict[str, bytes | None] = {}
        self.index_changes: IndexChanges = {}
        self._decoded: dict[str, tuple[bytes, object]] = {}
        """What was decoded, by key, with the value that it was decoded from: a decision may read a
        contact many times, when it compares it with others."""

    def find(self, key: str, most: int | None = None) -> Sequence[ContactId]:
        key = index_key(self._organization, key)
        found = apply_index_changes(self._before.look_up(key), self.index_changes.get(key, {}))
        return sorted(found) if most is None else nsmallest(most, found)

    def count(self, key: str) -> int:
        key = index_key(self._organization, key)
        return self._before.count(key, self.index_changes.get(key, {}))

    def rotation_cursor(self, warehouse_id: str) -> Cursor | None:
        return self._read(entity_key(self._organization, _TURNS, warehouse_id), Cursor)

    def contact(self, contact_id: ContactId) -> ContactState | None:
        stored = self.stored_contact(contact_id)
        return None if stored is None or stored.state.removed else stored.state

    def last_sequence(self, contact_id: ContactId) -> int:
        stored = self.stored_contact(contact_id)
        return 0 if stored is None else stored.state.sequence

    def stored_contact(self, contact_id: ContactId) -> StoredContact | None:
        return self._read(contact_key(self._organization, contact_id), StoredContact)

    def child(self, kind: str, child_id: str) -> ChildState | None:
        return self._read(entity_key(self._organization, kind, child_id), ChildState)

    def setup(self, kind: str, entity_id: str) -> SetupEvent | None:
        if kind not in BY_NAME:
            return None
        changed = [each for each in BY_NAME[kind].events if not getattr(each, "removes", False)]
        return self._read(entity_key(self._organization, kind, entity_id), changed[0])

    def list_setup(self, kind: str) -> Sequence[SetupEvent]:
        ids = self._stored_setup().ids.get(kind, [])
        return [entity for each in ids if (entity := self.setup(kind, each)) is not None]

    def setup_sequence(self) -> int:
        return self._stored_setup().sequence

    def result_of(
        self, command: CrmCommand, contact_id: ContactId | None
    ) -> CommandDecision | None:
        """What the same command resulted in, if it was carried out before, without its events."""
        if isinstance(command, ImportContact) and command.row:
            rows = self._read(self._imported_key(command.source), ImportedRows)
            row = None if rows is None else rows.find(command.row)
            if row is not None:
                return row.as_decision()
        stored = None if contact_id is None else self.stored_contact(contact_id)
        results = self._stored_setup().results if contact_id is None else {}
        results = results if stored is None else stored.results
        version = results.get(command.command_id)
        if version is None:
            return None
        known = stored.details if stored else {}
        details = known.get(command.command_id, ResultDetails())
        return CommandDecision(
            outcome=CrmOutcome.APPLIED,
            version=version,
            survivor=details.survivor,
            known_elsewhere=details.known_elsewhere,
        )

    def apply(self, event: CrmEvent, home: int | None) -> None:
        """Applies an event. `home` is the partition of a contact's events."""
        match event:
            case ContactEvent():
                stored = self.stored_contact(event.contact_id)
                before = None if stored is None else stored.state
                after = evolve(before, event)
                if after is not None and after != before:
                    self._put_contact(event.contact_id, after, home)
                self._note_turn(event)
                if isinstance(event, ChildChange):
                    self._apply_child(event)
                elif isinstance(event, Reminded):
                    self._apply_reminder(event)
            case SetupEvent():
                self._apply_setup(event)

    def remember(
        self, command: CrmCommand, contact_id: ContactId | None, decision: CommandDecision
    ) -> None:
        """Remembers the result of a command that was carried out."""
        if isinstance(command, ImportContact) and command.row:
            self._remember_row(command, decision)
        if contact_id is None:
            setup = self._stored_setup()
            results = _add_result(setup.results, command, decision.version)
            self._put_setup(msgspec.structs.replace(setup, results=results))
        elif (stored := self.stored_contact(contact_id)) is not None:
            results = _add_result(stored.results, command, decision.version)
            stored = msgspec.structs.replace(
                stored,
                results=results,
                details=_add_details(stored.details, command, decision, results),
                handled=self._offset,
            )
            self.changes[contact_key(self._organization, contact_id)] = _encode(stored)

    def _remember_row(self, command: ImportContact, decision: CommandDecision) -> None:
        key = self._imported_key(command.source)
        rows = self._read(key, ImportedRows)
        if rows is None:
            self._remember_import(command)
            rows = ImportedRows(at=command.at)
        self.changes[key] = _encode(rows.add(command.row, decision, command.at))

    def _remember_import(self, command: ImportContact) -> None:
        """Remembers an import that begins, and forgets those that cannot continue any more, and of
        the others the ones that did nothing for the longest time if there are too many."""
        head = self._imported_key("")
        before = (self._read(head, RememberedImports) or RememberedImports()).ids
        active = {
            each: rows.at
            for each in before
            if (rows := self._read(self._imported_key(each), ImportedRows)) is not None
            and command.at - rows.at <= timedelta(seconds=IMPORT_REMEMBERED_S)
        }
        kept = sorted(active, key=lambda each: active[each])[-IMPORTS_REMEMBERED + 1 :]
        self.changes |= {self._imported_key(each): None for each in before if each not in kept}
        self.changes[head] = _encode(RememberedImports(ids=(*kept, command.source)))

    def _imported_key(self, import_id: str) -> str:
        return entity_key(self._organization, _IMPORTED, import_id)

    def _note_turn(self, event: ContactEvent) -> None:
        if (turn := turn_after(self, event)) is not None:
            warehouse_id, cursor = turn
            key = entity_key(self._organization, _TURNS, warehouse_id)
            self.changes[key] = _encode(cursor)

    def _apply_child(self, event: ChildChange) -> None:
        kind = BY_EVENT[type(event)].name
        known = self.child(kind, event.child_id)
        if known is not None and known.contact_id != event.contact_id:
            if event.removes:
                return
            known = None  # what is left of another contact's child, whose id was free again
        if known is None or known.version < event.sequence:
            child = ChildState(
                contact_id=event.contact_id,
                version=event.sequence,
                reminded_at=known.reminded_at if known else None,
                fixed_content=event.fixed_content,
            )
            key = entity_key(self._organization, kind, event.child_id)
            self.changes[key] = None if event.removes else _encode(child)
            if event.fixed_content and known is None:
                self._remember_fixed(key, event.at)

    def _remember_fixed(self, key: str, at: datetime) -> None:
        """Remembers a child that is never removed, and forgets the oldest ones: one if there are
        too many, and those of which it was long ago, some at a time."""
        head = entity_key(self._organization, _FIXED, "")
        children = self._read(head, FixedChildren) or FixedChildren()
        oldest, following = children.oldest, children.following + 1
        self.changes[self._fixed_key(children.following)] = _encode(FixedChild(key=key, at=at))
        for _ in range(_FORGOTTEN_AT_ONCE):
            child = self._read(self._fixed_key(oldest), FixedChild)
            if following - oldest <= CALLS_REMEMBERED and not _is_long_ago(child, at):
                break
            if child is not None:
                self.changes[child.key] = None
            self.changes[self._fixed_key(oldest)] = None
            oldest += 1
        self.changes[head] = _encode(FixedChildren(oldest=oldest, following=following))

    def _fixed_key(self, number: int) -> str:
        return entity_key(self._organization, _FIXED, str(number))

    def _apply_reminder(self, event: Reminded) -> None:
        kind = BY_EVENT[type(event)].name
        known = self.child(kind, event.child_id)
        if known is not None and known.contact_id == event.contact_id:
            child = msgspec.structs.replace(known, reminded_at=event.remind_at)
            self.changes[entity_key(self._organization, kind, event.child_id)] = _encode(child)

    def _apply_setup(self, event: SetupEvent) -> None:
        kind = BY_EVENT[type(event)].name
        self.changes[entity_key(self._organization, kind, event.id)] = (
            None if event.removes else _encode(event)
        )
        setup = self._stored_setup()
        ids = {*setup.ids.get(kind, []), event.id}
        if event.removes:
            ids.remove(event.id)
        listed = {**setup.ids, kind: sorted(ids)}
        self._put_setup(msgspec.structs.replace(setup, sequence=event.sequence, ids=listed))

    def _put_contact(self, contact_id: ContactId, state: ContactState, home: int | None) -> None:
        stored = self.stored_contact(contact_id)
        before = index_keys(self._organization, stored.state if stored else None)
        after = index_keys(self._organization, state)
        note_index_changes(self.index_changes, contact_id, before, after)
        if stored is None:
            stored = StoredContact(state=state, home=home or 0)
        stored = msgspec.structs.replace(stored, state=state, handled=self._offset)
        self.changes[contact_key(self._organization, contact_id)] = _encode(stored)

    def _stored_setup(self) -> StoredSetup:
        return self._read(head_key(self._organization), StoredSetup) or StoredSetup()

    def _put_setup(self, setup: StoredSetup) -> None:
        self.changes[head_key(self._organization)] = _encode(setup)

    def _read(self, key: str, kind: type[_StoredT]) -> _StoredT | None:
        value = self.changes[key] if key in self.changes else self._before.value(key)
        if value is None:
            return None
        read, decoded = self._decoded.get(key, (None, None))
        if read is not value or not isinstance(decoded, kind):
            decoded = msgspec.json.decode(value, type=kind)
            self._decoded[key] = value, decoded
        return decoded


def _is_long_ago(child: FixedChild | None, now: datetime) -> bool:
    """Whether a child is remembered no longer."""
    if child is None or child.at is None:
        return False
    return now - child.at > timedelta(seconds=CALLS_REMEMBERED_S)


def _add_result(results: Mapping[str, int], command: CrmCommand, version: int) -> dict[str, int]:
    return dict([*results.items(), (command.command_id, version)][-_REMEMBERED:])


def _add_details(
    known: Mapping[str, ResultDetails],
    command: CrmCommand,
    decision: CommandDecision,
    results: Mapping[str, int],
) -> dict[str, ResultDetails]:
    """Those of the commands in `results`, with those of this command."""
    details = ResultDetails(survivor=decision.survivor, known_elsewhere=decision.known_elsewhere)
    every = {**known, command.command_id: details}
    return {id_: each for id_, each in every.items() if id_ in results and each != ResultDetails()}
