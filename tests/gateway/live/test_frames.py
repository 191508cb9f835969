from support.live import LiveEvent, parse_events
from tuyen_gateway.live.frames import HEARTBEAT, encode_live_event


def test_events_are_read_as_they_were_written_and_comments_are_skipped() -> None:
    one = encode_live_event("conversation.removed", "abc", {"id": b'"c"', "revision": b"7"})
    two = encode_live_event("conversation.viewers", "abc", {"viewers": b"[]"}, resumable=False)
    three = encode_live_event("reset", "abd", {})
    assert parse_events(HEARTBEAT + one + HEARTBEAT + two + three) == [
        LiveEvent("conversation.removed", "abc", {"id": "c", "revision": 7, "position": "abc"}),
        LiveEvent("conversation.viewers", None, {"viewers": [], "position": "abc"}),
        LiveEvent("reset", "abd", {"position": "abd"}),
    ]
