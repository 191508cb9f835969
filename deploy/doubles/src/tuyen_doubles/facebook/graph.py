"""The Graph API's paths: which call is which, whose page it is, and whether its token works."""

import hmac
import re
from collections.abc import Callable
from dataclasses import replace

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import ChannelRefusalError, DoubleOperation, DoubleOutcome, IncomingCall
from tuyen_doubles.facebook import comments, errors, messages, nodes
from tuyen_doubles.facebook.call import FacebookDouble, GraphCall
from tuyen_doubles.facebook.login import FacebookLogin

_VERSION = re.compile(r"v\d{1,3}(\.\d{1,3})?")
_MOST_SEGMENTS = 2
_BEARER = "bearer "

UNREADABLE = errors.refuse_parameter("The body cannot be read").answer
"""The answer to a body that is not what its content type says."""

_Understand = Callable[[FacebookDouble, GraphCall], DoubleOperation]

_EDGES: dict[tuple[str, str | None], _Understand] = {
    ("POST", "messages"): messages.understand_send,
    ("POST", "message_attachments"): messages.understand_upload,
    ("POST", "take_thread_control"): messages.understand_takeover,
    ("POST", "photos"): nodes.understand_photo,
    ("POST", "comments"): comments.understand_reply,
    ("GET", "comments"): comments.understand_list,
    ("POST", "likes"): comments.understand_like,
    ("DELETE", "likes"): comments.understand_like,
    ("GET", "subscribed_apps"): nodes.understand_subscription,
    ("POST", "subscribed_apps"): nodes.understand_subscription,
    ("DELETE", "subscribed_apps"): nodes.understand_subscription,
    ("GET", None): nodes.understand_read,
    ("POST", None): comments.understand_change,
    ("DELETE", None): comments.understand_removal,
}
_OF_A_PAGE = (
    "messages",
    "message_attachments",
    "photos",
    "subscribed_apps",
    "take_thread_control",
)


def token_of(call: IncomingCall) -> str | None:
    """The access token: a parameter, or a bearer's."""
    given = call.parameters.text("access_token")
    header = call.headers.get("authorization", "")
    if given is None and header.lower().startswith(_BEARER):
        given = header[len(_BEARER) :].strip()
    return given or None


class Graph:
    """Understands calls of the Graph API, with and without a version in their path."""

    def __init__(self, double: FacebookDouble, login: FacebookLogin) -> None:
        self._double = double
        self._login = login

    def understand(self, incoming: IncomingCall) -> DoubleOperation:
        segments = [segment for segment in incoming.path.split("/") if segment]
        if segments and _VERSION.fullmatch(segments[0]):
            del segments[0]
        call = self._take_apart(incoming, segments)
        if (call.node, call.edge) == ("oauth", "access_token"):
            return self._login.understand_token(call)
        if (call.method, call.node, call.edge) == ("GET", "debug_token", None):
            return self._require_token(call, self._login.understand_debug(call))
        if (call.method, call.edge) == ("GET", "accounts"):
            return self._require_token(call, self._login.understand_accounts(call))
        understand = _EDGES.get((call.method, call.edge))
        if understand is None or not 0 < len(segments) <= _MOST_SEGMENTS:
            return _refuse_path(call, errors.unknown_path(incoming.path))
        return self._require_token(call, understand(self._double, call))

    def _take_apart(self, incoming: IncomingCall, segments: list[str]) -> GraphCall:
        node = segments[0] if segments else ""
        edge = segments[1] if len(segments) == _MOST_SEGMENTS else None
        token = token_of(incoming)
        call = GraphCall(
            method=incoming.method,
            node=node,
            edge=edge,
            parameters=incoming.parameters,
            token=token,
            page=None if token is None else self._double.tokens.account_of(token),
            origin=incoming.origin,
        )
        return replace(call, page=self._page_of(call))

    def _page_of(self, call: GraphCall) -> str | None:
        """The page in the path, the page of the comment or post, or that of the token."""
        if call.edge in _OF_A_PAGE:
            return call.page if call.node == "me" else call.node
        comment, post = self._double.pages.comment(call.node), self._double.pages.post(call.node)
        owner = call.node.partition("_")[0]
        if comment is not None and comment.page is not None:
            return comment.page
        if post is not None:
            return post.page
        return owner if "_" in call.node and self._double.pages.is_known(owner) else call.page

    def _require_token(self, call: GraphCall, operation: DoubleOperation) -> DoubleOperation:
        """The same operation, carried out only with a token that works."""

        def carry_out() -> DoubleOutcome:
            self._check_token(call)
            return operation.carry_out()

        return replace(operation, carry_out=carry_out)

    def _check_token(self, call: GraphCall) -> None:
        token, double = call.token, self._double
        if token is None:
            raise errors.no_token()
        if double.tokens.is_dead(token) or double.users.is_dead(token):
            raise errors.dead_token()
        proof = call.text("appsecret_proof")
        if proof is not None and not hmac.compare_digest(
            proof.encode("utf-8", "surrogatepass"), double.proof_of(token).encode()
        ):
            raise errors.refuse_parameter("Invalid appsecret_proof provided in the API argument")
        if call.page is None:
            return
        if double.tokens.named_by(token) not in (None, call.page):
            raise errors.no_permission()
        if call.edge in _OF_A_PAGE:
            if double.users.named_by(token) is not None:
                raise errors.not_a_page_token()
            double.tokens.bind(token, call.page)
            double.pages.add(call.page)


def _refuse_path(call: GraphCall, refusal: ChannelRefusalError) -> DoubleOperation:
    """A path that the double does not have."""

    def carry_out() -> DoubleOutcome:
        raise refusal

    return DoubleOperation(action=DoubleAction.READ, account=call.page, carry_out=carry_out)
