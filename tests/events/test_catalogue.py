from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.event import Event
from tuyen_events.upcasters import UPCASTERS

STORED_TYPE_NAMES = {
    "agent.changed.v1",
    "assignment.changed.v1",
    "assignment.made.v1",
    "assignment.queued.v1",
    "assignment.removed.v1",
    "choice.made.v1",
    "choice.requested.v1",
    "choice.withdrawn.v1",
    "command.settled.v1",
    "comment.added.v1",
    "comment.edited.v1",
    "comment.hidden.v1",
    "comment.removed.v1",
    "comment.unhidden.v1",
    "contact.created.v1",
    "contact.named.v1",
    "contact.observe.v1",
    "contact.rename.v1",
    "contact.renamed.v1",
    "conversation.assign.v1",
    "conversation.mark_done.v1",
    "conversation.read.v1",
    "conversation.return_to_rotation.v1",
    "conversation.tagged.v1",
    "conversation.viewed.v1",
    "crm_command.settled.v1",
    "customer.described.v1",
    "customer.followed.v1",
    "customer.referred.v1",
    "customer.unfollowed.v1",
    "dead_letter.added.v1",
    "dead_letter.settled.v1",
    "department.changed.v1",
    "group.changed.v1",
    "job.bulk_requested.v1",
    "job.handover_requested.v1",
    "job.progressed.v1",
    "link.changed.v1",
    "livestream.changed.v1",
    "loads.reported.v1",
    "media.kept.v1",
    "message.deleted.v1",
    "message.echoed.v1",
    "message.edited.v1",
    "message.reacted.v1",
    "message.received.v1",
    "messages.delivered.v1",
    "messages.seen.v1",
    "note.add.v1",
    "note.added.v1",
    "organization.changed.v1",
    "outbound.cancelled.v1",
    "outbound.requested.v1",
    "outbound.settled.v1",
    "page.changed.v1",
    "pool.recorded.v1",
    "post.classified.v1",
    "post.described.v1",
    "post.edited.v1",
    "post.published.v1",
    "post.reacted.v1",
    "post.removed.v1",
    "preferences.changed.v1",
    "presence.changed.v1",
    "region.changed.v1",
    "replay.progressed.v1",
    "replay.requested.v1",
    "reply.placed.v1",
    "rule.changed.v1",
    "session.signalled.v1",
    "settings.changed.v1",
    "support_team.changed.v1",
    "template.changed.v1",
    "thread.given.v1",
    "thread.removed.v1",
    "thread.reported.v1",
    "view.changed.v1",
}
"""Names are only ever added: a log somewhere has records with each of them."""


def event_classes(base: type[Event] = Event) -> list[type[Event]]:
    below = [found for child in base.__subclasses__() for found in event_classes(child)]
    stored = "type" in vars(base) and base.__module__.startswith("tuyen_events.")
    return [base, *below] if stored else below


def test_every_stored_type_name_is_in_the_catalogue() -> None:
    assert set(EVENT_TYPES) == STORED_TYPE_NAMES


def test_every_event_class_has_a_stored_type_name_of_its_own() -> None:
    assert sorted(cls.type for cls in event_classes()) == sorted(EVENT_TYPES)


def test_every_chain_of_upcasters_starts_at_a_stored_type() -> None:
    assert set(UPCASTERS) <= set(EVENT_TYPES)
