"""What the sample bodies of comments, reactions and posts must become, by the rules."""

from collections.abc import Mapping

from channels.facebook.samples import (
    AN,
    BINH,
    COMMON,
    LIKED,
    LIVE_POST,
    NGUYEN,
    POST,
    ROOT,
    Expected,
    about,
    at,
    customer,
    key,
)
from support.facebook import PAGE
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEdited,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    LivestreamChanged,
    PostPublished,
    PostRemoved,
    Reacted,
)
from tuyen_events.vocabulary import CommentOrigin

VISITOR_POST = f"{PAGE}_332029982914790"
MENTIONING_POST, MENTIONING_COMMENT = f"{AN}_555000000000001", "555000000000002_777000000000001"
REVIEW = "904000000000001"

# P5d: each is a root, in a thread of its own.
ROOTS: Mapping[str, list[Expected]] = {
    "facebook_feed__visitor_post_add": [
        (
            key(AN),
            CommentAdded(
                **about(VISITOR_POST, root=VISITOR_POST, post=VISITOR_POST, customer=NGUYEN),
                text="Shop giao nhầm màu rồi ạ",
                attachments=(
                    Attachment(
                        kind="image",
                        url="https://scontent.xx.fbcdn.net/v/t39.30808-6/9_n.jpg?oe=65723DB2",
                    ),
                ),
                origin=CommentOrigin.VISITOR_POST,
            ),
        )
    ],
    "facebook_feed__visitor_post_edited": [
        (
            key(AN),
            CommentEdited(
                **about(
                    VISITOR_POST,
                    root=VISITOR_POST,
                    post=VISITOR_POST,
                    customer=NGUYEN,
                    occurred_at=at(20),
                ),
                text="Shop giao nhầm màu và size rồi ạ",
            ),
        )
    ],
    "facebook_mention__post_add": [
        (
            key(AN),
            CommentAdded(
                **about(
                    MENTIONING_POST, root=MENTIONING_POST, post=MENTIONING_POST, customer=NGUYEN
                ),
                text="Mua ở Shop Demo, rất ưng",
                origin=CommentOrigin.MENTION,
            ),
        )
    ],
    "facebook_mention__comment_add": [
        (
            key(f"anonymous:{MENTIONING_COMMENT}"),
            CommentAdded(
                **about(
                    MENTIONING_COMMENT,
                    root=MENTIONING_COMMENT,
                    post="888000000000001_555000000000002",
                    customer=customer(f"anonymous:{MENTIONING_COMMENT}"),
                ),
                text="Shop Demo có mẫu này",
                origin=CommentOrigin.MENTION,
            ),
        )
    ],
    "facebook_ratings__rating_add": [
        (
            key(AN),
            CommentAdded(
                **about(REVIEW, root=REVIEW, post=REVIEW, customer=NGUYEN),
                text="Hàng đẹp, giao nhanh",
                origin=CommentOrigin.REVIEW,
                recommends=True,
            ),
        )
    ],
    # It has no time: that of the delivery is used, and its author has no name.
    "facebook_ratings__rating_remove": [
        (
            key(AN),
            CommentRemoved(
                **about(REVIEW, root=REVIEW, post=REVIEW, customer=customer(AN), occurred_at=at(8))
            ),
        )
    ],
    "facebook_ratings__comment_add": [
        (
            key(f"comment:{REVIEW}"),
            CommentAdded(
                **about(
                    f"{REVIEW}_904000000000009",
                    root=REVIEW,
                    post=f"{AN}_{REVIEW}",
                    parent_external_id=REVIEW,
                )
            ),
        )
    ],
}

PERMALINK = "https://www.facebook.com/shop/posts/pfbid02wFA"

FEED: Mapping[str, list[Expected]] = {
    **ROOTS,
    "facebook_feed__comment_add": [
        (
            key(AN),
            CommentAdded(
                post_permalink=PERMALINK, **about(customer=NGUYEN), text="Giá bao nhiêu shop?"
            ),
        )
    ],
    "facebook_feed__comment_add_no_from": [
        (
            key(f"anonymous:{ROOT}"),
            CommentAdded(
                post_permalink=PERMALINK,
                **about(customer=customer(f"anonymous:{ROOT}")),
                text="Giá bao nhiêu shop?",
            ),
        )
    ],
    "facebook_feed__comment_add_photo": [
        (
            key(AN),
            CommentAdded(
                post_permalink=PERMALINK,
                **about(customer=NGUYEN),
                attachments=(
                    Attachment(
                        kind="image",
                        url="https://scontent.xx.fbcdn.net/v/t39.30808-6/1_n.jpg?oe=65723DB2",
                    ),
                ),
            ),
        )
    ],
    "facebook_feed__comment_add_video": [
        (
            key(AN),
            CommentAdded(
                post_permalink=PERMALINK,
                **about(customer=NGUYEN),
                text="Giá bao nhiêu shop?",
                attachments=(Attachment(kind="video", url="https://video.xx.fbcdn.net/v/1_n.mp4"),),
            ),
        )
    ],
    # Nobody has said yet that anything is live.
    "facebook_feed__comment_on_live": [
        (
            key(AN),
            CommentAdded(
                post_permalink=PERMALINK,
                post_shows_video=True,
                **about(
                    "690891113073877_911936769004758",
                    root="690891113073877_911936769004758",
                    post=LIVE_POST,
                    customer=NGUYEN,
                ),
                text="Chốt M01 size L 0912345678",
            ),
        )
    ],
    "facebook_feed__comment_edited": [
        (
            key(AN),
            CommentEdited(
                **about(customer=NGUYEN, occurred_at=at(20)), text="Giá bao nhiêu vậy shop?"
            ),
        )
    ],
    "facebook_feed__comment_hide": [
        (key(f"comment:{ROOT}"), CommentHidden(**about(occurred_at=at(30))))
    ],
    "facebook_feed__comment_unhide": [
        (key(f"comment:{ROOT}"), CommentUnhidden(**about(occurred_at=at(40))))
    ],
    "facebook_feed__comment_remove": [
        (key(AN), CommentRemoved(**about(customer=NGUYEN, occurred_at=at(60))))
    ],
    # R4.3: a reply belongs to the root's conversation, whoever writes it.
    "facebook_feed__reply_add": [
        (
            key(BINH),
            CommentAdded(
                post_permalink=PERMALINK,
                **about(
                    "332029982914750_759878495960330",
                    parent_external_id=ROOT,
                    customer=customer(BINH, "Tran Thi B"),
                ),
                text="Mình cũng muốn biết",
            ),
        )
    ],
    "facebook_feed__reply_add_by_page": [
        (
            key(f"comment:{ROOT}"),
            CommentAdded(
                post_permalink=PERMALINK,
                **about("332029982914750_759878495960331", parent_external_id=ROOT),
                text="Dạ 199k ạ",
            ),
        )
    ],
    "facebook_feed__reaction_add": [(key(AN), Reacted(**LIKED, reaction="love"))],
    "facebook_feed__reaction_add_comment": [
        (key(AN), Reacted(**LIKED, comment_external_id=ROOT, reaction="like"))
    ],
    "facebook_feed__reaction_edit": [(key(AN), Reacted(**LIKED, reaction="wow"))],
    "facebook_feed__reaction_remove": [(key(AN), Reacted(**LIKED, reaction=None))],
    "facebook_feed__status_add": [
        (
            key(f"post:{POST}"),
            PostPublished(
                **COMMON,
                post_external_id=POST,
                text="Hàng mới về",
                permalink=f"https://www.facebook.com/{POST}",
            ),
        )
    ],
    "facebook_feed__video_add": [
        (
            key(f"post:{LIVE_POST}"),
            PostPublished(
                **COMMON,
                post_external_id=LIVE_POST,
                text="LIVE sale 20h",
                video_external_id="334815795929748",
                permalink=f"https://www.facebook.com/{LIVE_POST}",
            ),
        )
    ],
    "facebook_feed__post_remove": [
        (key(f"post:{POST}"), PostRemoved(**COMMON, post_external_id=POST))
    ],
    # A broadcast has no time of its own: that of the delivery stands for it.
    **{
        f"facebook_live_videos__{status}": [
            (
                key("video:220578652911665"),
                LivestreamChanged(
                    **{**COMMON, "occurred_at": at(8)},
                    video_external_id="220578652911665",
                    live=live,
                ),
            )
        ]
        for status, live in (("live", True), ("live_stopped", False), ("vod", False))
    },
}
