"""What the sample bodies of messages must become, by the rules."""

from collections.abc import Mapping
from datetime import UTC, datetime

from channels.facebook.samples import (
    ACTED,
    AN,
    BINH,
    MID,
    Expected,
    key,
    make_echoed,
    make_received,
    message_id,
    thread,
)
from tuyen_events.inbound import (
    Attachment,
    CustomerReferred,
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessagesDelivered,
    MessagesSeen,
    Referral,
)

MESSENGER: Mapping[str, list[Expected]] = {
    # P5d: another app has the thread.
    "messenger__standby_text": [(key(AN), make_received("0070", text="Mình muốn gặp nhân viên"))],
    "messenger__text": [
        (key(AN), make_received("0001", text="Xin chào shop, còn áo size M không?"))
    ],
    "messenger__image": [
        (
            key(AN),
            make_received(
                "0002",
                attachments=(
                    Attachment(
                        kind="image",
                        url="https://scontent.xx.fbcdn.net/v/t1.15752-9/1_n.jpg?oh=abc&oe=6574893B",
                    ),
                ),
            ),
        )
    ],
    "messenger__video": [
        (
            key(AN),
            make_received(
                "0004",
                attachments=(
                    Attachment(
                        kind="video", url="https://video.xx.fbcdn.net/v/1_n.mp4?oe=6574893B"
                    ),
                ),
            ),
        )
    ],
    "messenger__audio": [
        (
            key(AN),
            make_received(
                "0005",
                attachments=(
                    Attachment(
                        kind="audio", url="https://cdn.fbsbx.com/v/audioclip-1.mp4?oe=6574893B"
                    ),
                ),
            ),
        )
    ],
    "messenger__file": [
        (
            key(AN),
            make_received(
                "0006",
                attachments=(
                    Attachment(kind="file", url="https://cdn.fbsbx.com/v/bill.pdf?oe=6574893B"),
                ),
            ),
        )
    ],
    "messenger__sticker": [
        (
            key(AN),
            make_received(
                "0007",
                attachments=(
                    Attachment(
                        kind="sticker",
                        url="https://scontent.xx.fbcdn.net/v/t39.1997-6/851557_n.png",
                    ),
                ),
            ),
        )
    ],
    "messenger__location": [
        (
            key(AN),
            make_received(
                "0009",
                attachments=(Attachment(kind="location", latitude=10.77, longitude=106.69),),
            ),
        )
    ],
    "messenger__fallback_link": [
        (
            key(AN),
            make_received(
                "0010",
                text="https://example.com/p/1",
                attachments=(
                    Attachment(kind="link", url="https://example.com/p/1", title="Product 1"),
                ),
            ),
        )
    ],
    "messenger__quick_reply": [(key(AN), make_received("0011", text="Size M", payload="SIZE_M"))],
    "messenger__reply_to": [
        (key(AN), make_received("0012", text="Cái này", reply_to=message_id(MID + "0001")))
    ],
    "messenger__postback": [
        (key(AN), make_received("0030", text="Xem giỏ hàng", payload="CART_VIEW"))
    ],
    "messenger__postback_get_started_referral": [
        (
            key(AN),
            make_received(
                "0031",
                text="Get Started",
                payload="__GET_STARTED__",
                referral=Referral(ref="aaaa", source="SHORTLINK", kind="OPEN_THREAD"),
            ),
        )
    ],
    "messenger__multi_in_one_entry": [
        (key(AN), make_received("0060", text="a")),
        (key(AN), MessagesSeen(**thread(), watermark=ACTED)),
        (key(BINH), make_received("0061", who=BINH, text="b")),
    ],
    # P5b: the page's own message belongs to the thread of the customer who got it.
    "messenger__echo_text_own_app": [
        (
            key(AN),
            make_echoed(
                "0020", text="Dạ còn ạ", sender_app="990000000000001", client_id="out:8f3a0c"
            ),
        )
    ],
    "messenger__echo_page_inbox_human": [
        (key(AN), make_echoed("0022", text="Để em kiểm tra nhé", sender_app="263902037430900"))
    ],
    "messenger__echo_attachment": [
        (
            key(AN),
            make_echoed(
                "0021",
                attachments=(
                    Attachment(
                        kind="video",
                        url="https://video.xx.fbcdn.net/v/t42.3356-2/1_n.mp4?oe=6574893B",
                    ),
                ),
                sender_app="1929931607227568",
            ),
        )
    ],
    "messenger__message_deleted": [
        (key(AN), MessageDeleted(**thread(), message_id=message_id(MID + "0001")))
    ],
    "messenger__message_edit": [
        (
            key(AN),
            MessageEdited(
                **thread(),
                message_id=message_id(MID + "0001"),
                text="Xin chào shop, còn áo size L không?",
                edit_number=1,
            ),
        )
    ],
    "messenger__reaction_react": [
        (key(AN), MessageReacted(**thread(), message_id=message_id(MID + "0020"), emoji="😢"))
    ],
    "messenger__reaction_unreact": [
        (key(AN), MessageReacted(**thread(), message_id=message_id(MID + "0020"), emoji=None))
    ],
    "messenger__read": [
        (
            key(AN),
            MessagesSeen(
                **thread(), watermark=datetime(2026, 9, 21, 14, 13, 19, 800_000, tzinfo=UTC)
            ),
        )
    ],
    "messenger__delivery": [
        (
            key(AN),
            MessagesDelivered(
                **thread(), watermark=datetime(2026, 9, 21, 14, 13, 19, 300_000, tzinfo=UTC)
            ),
        )
    ],
    "messenger__referral": [
        (
            key(AN),
            CustomerReferred(
                **thread(),
                referral=Referral(ref="live_2026_09", source="SHORTLINK", kind="OPEN_THREAD"),
            ),
        )
    ],
    "messenger__referral_ad": [
        (
            key(AN),
            CustomerReferred(
                **thread(),
                referral=Referral(
                    ref="promo", source="ADS", kind="OPEN_THREAD", ad_id="6045246247433"
                ),
            ),
        )
    ],
}
