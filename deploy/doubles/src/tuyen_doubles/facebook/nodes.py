"""Pages, posts and people: subscriptions, and what a `GET` of an object gives."""

from collections.abc import Mapping
from typing import Any

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import DoubleOperation, DoubleOutcome
from tuyen_doubles.facebook import errors
from tuyen_doubles.facebook.call import FacebookDouble, GraphCall, succeed
from tuyen_doubles.facebook.comments import choose_fields, describe_comment, is_post
from tuyen_doubles.facebook.events import graph_time, permalink, status_type
from tuyen_doubles.facebook.pages import GraphPost, PagePerson, Upload
from tuyen_doubles.media import PICTURE_NAME, MediaFile

_FIELDS_OF_A_PERSON = "first_name,last_name,profile_pic,id"


def understand_subscription(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`GET`, `POST` and `DELETE /{page}/subscribed_apps`."""
    actions = {"GET": DoubleAction.READ, "POST": DoubleAction.SUBSCRIBE}

    def carry_out() -> DoubleOutcome:
        if call.page is None:
            raise errors.no_object(call.method, call.node)
        if call.method == "GET":
            return succeed({"data": _list_subscribed_apps(double, call.page)})
        double.pages.add(call.page)
        double.pages.subscribe(call.page, _read_fields(call) if call.method == "POST" else ())
        return succeed()

    return DoubleOperation(
        action=actions.get(call.method, DoubleAction.UNSUBSCRIBE),
        account=call.page,
        carry_out=carry_out,
    )


def _read_fields(call: GraphCall) -> tuple[str, ...]:
    given = call.parameters.values.get("subscribed_fields")
    names = given if isinstance(given, list) else str(given or "").split(",")
    fields = tuple(str(name).strip() for name in names if str(name).strip())
    if not fields:
        raise errors.refuse_parameter("The parameter subscribed_fields is required.")
    return fields


def _list_subscribed_apps(double: FacebookDouble, page: str) -> list[Mapping[str, Any]]:
    fields = double.pages.subscription(page)
    if not fields:
        return []
    return [{"id": double.app_id, "name": "Tuyến", "subscribed_fields": list(fields)}]


def understand_photo(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST /{page}/photos` with `published=false`: a picture for `attachment_id` of a comment."""

    def carry_out() -> DoubleOutcome:
        if call.text("published") not in ("false", "0"):
            raise errors.no_permission()
        file, url = call.parameters.files.get("source"), call.text("url")
        if file is not None:
            if not (file.content_type or "").startswith("image/"):
                raise errors.upload_mismatch()
            content_type = file.content_type or ""
            url = call.origin + double.media.add(MediaFile(content_type, file.content))
        if url is None:
            raise errors.refuse_parameter("A photo has a source or a url")
        return succeed({"id": double.pages.add_upload(Upload("image", url))})

    return DoubleOperation(action=DoubleAction.UPLOAD, account=call.page, carry_out=carry_out)


def understand_read(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`GET /{object}`: a comment, a post, a video, the page, or the profile of a customer."""
    is_comment = "_" in call.node or double.pages.comment(call.node) is not None
    is_page = call.node in ("me", call.page) or double.pages.is_known(call.node)
    shown = double.pages.post_with_video(call.node)
    known = is_comment or is_page or shown is not None

    def carry_out() -> DoubleOutcome:
        fields = call.text("fields")
        if is_comment and is_post(double, call):
            post = double.pages.post_of(call.page or "", call.node)
            return succeed(choose_fields(_describe_post(post), fields or "created_time,message,id"))
        if is_comment:
            comment = describe_comment(double, call)
            return succeed(choose_fields(comment, fields or "created_time,from,message,id"))
        if shown is not None:
            video = {"id": call.node, "live_status": shown.live_status, "post_id": shown.id}
            return succeed(choose_fields(_without_none(video), fields or "id"))
        if is_page:
            return succeed(choose_fields(_describe_owner(double, call), fields or "name,id"))
        person = None if call.page is None else double.pages.person(call.page, call.node)
        if person is None:
            raise errors.no_object(call.method, call.node)
        return succeed(choose_fields(_describe_person(person, call), fields or _FIELDS_OF_A_PERSON))

    return DoubleOperation(
        action=DoubleAction.READ if known else DoubleAction.PROFILE,
        account=call.page,
        to=call.node,
        carry_out=carry_out,
    )


def _describe_post(post: GraphPost) -> Mapping[str, Any]:
    shown = {"media_type": "video", "target": {"id": post.video}}
    return _without_none(
        {
            "id": post.id,
            "message": post.message,
            "full_picture": post.picture,
            "attachments": None if post.video is None else {"data": [shown]},
            "created_time": graph_time(post.created_at),
            "permalink_url": permalink(post.id),
            "from": {"id": post.page},
            "status_type": status_type(post),
            "is_published": True,
        }
    )


def _without_none(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Graph API leaves out what an object does not have."""
    return {name: value for name, value in fields.items() if value is not None}


def _describe_owner(double: FacebookDouble, call: GraphCall) -> Mapping[str, Any]:
    """The page or the user whose token it is, or another page."""
    user = double.users.account_of(call.token or "")
    if user is not None and call.node == "me":
        return {"id": user, "name": "Nguyễn Văn A"}
    page = call.page if call.node == "me" else call.node
    if page is None:
        raise errors.no_object(call.method, call.node)
    return {"id": page, "name": double.pages.name(page)}


def _describe_person(person: PagePerson, call: GraphCall) -> Mapping[str, Any]:
    name = person.name or ""
    family, _, given = name.partition(" ")
    return {
        "id": person.id,
        "name": name,
        "first_name": given or family,
        "last_name": family if given else "",
        "profile_pic": f"{call.origin}/media/{PICTURE_NAME}",
    }
