"""How a test or a person says what a post is: no other channel has posts."""

from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import StringConstraints

from tuyen_doubles.bodies import STEERING_PREFIX, DoubleIdentifier, SaidText, SteeringBody
from tuyen_doubles.exchange import respond_json
from tuyen_doubles.facebook.customers import FacebookCustomers


class PostBody(SteeringBody):
    """What a post of a Facebook page is. What is left out stays as it is."""

    account: DoubleIdentifier
    post: DoubleIdentifier
    text: SaidText | None = None
    picture: Annotated[str, StringConstraints(min_length=1, max_length=4_000)] | None = None
    live_status: Literal["LIVE", "LIVE_STOPPED", "VOD", "SCHEDULED_UNPUBLISHED", "NONE"] | None = (
        None
    )
    """With one, the post shows a video; `NONE` is a video that was never live."""


def build_routes(customers: FacebookCustomers) -> APIRouter:
    router = APIRouter(prefix=STEERING_PREFIX)

    @router.put("/posts")
    async def put_post(body: PostBody) -> Response:
        """What the post is from now on. No webhook says so: the Graph API does, when it is
        asked."""
        id_ = customers.describe_post(
            body.account, body.post, body.text, body.picture, body.live_status
        )
        return respond_json({"post_id": id_})

    return router
