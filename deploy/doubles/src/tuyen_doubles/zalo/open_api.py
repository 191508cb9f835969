"""The paths of Zalo's Open API and of its OAuth host, and whether a call's token works."""

from dataclasses import replace

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import DoubleOperation, DoubleOutcome, IncomingCall
from tuyen_doubles.zalo import errors, messages
from tuyen_doubles.zalo.messages import ZaloDouble, token_of
from tuyen_doubles.zalo.oauth import ZaloOAuth

UNREADABLE = errors.bad_parameter("body").answer
"""The answer to a body that is not what its content type says."""

_PATHS = {
    ("POST", "v3.0/oa/message/cs"): messages.understand_send,
    ("POST", "v2.0/oa/message"): messages.understand_reaction,
    ("GET", "v3.0/oa/user/detail"): messages.understand_profile,
    ("GET", "v2.0/oa/getoa"): messages.understand_account,
}
_UPLOADS = {f"v2.0/oa/upload/{kind}": kind for kind in ("image", "gif", "file")}


class OpenApi:
    """Understands calls of the Open API."""

    def __init__(self, double: ZaloDouble) -> None:
        self._double = double

    def understand(self, call: IncomingCall) -> DoubleOperation:
        operation = self._find(call)

        def carry_out() -> DoubleOutcome:
            token = token_of(call)
            if token is None or self._double.tokens.is_dead(token):
                raise errors.dead_token()
            if operation.account is not None:
                self._double.tokens.bind(token, operation.account)
            return operation.carry_out()

        return replace(operation, carry_out=carry_out)

    def _find(self, call: IncomingCall) -> DoubleOperation:
        path = call.path.strip("/")
        kind = _UPLOADS.get(path)
        if kind is not None and call.method == "POST":
            return messages.understand_upload(self._double, call, kind)
        understand = _PATHS.get((call.method, path))
        return _refuse_path() if understand is None else understand(self._double, call)


def understand_oauth(oauth: ZaloOAuth, call: IncomingCall) -> DoubleOperation:
    """A call of the OAuth host that is not a page for people."""
    if (call.method, call.path.strip("/")) == ("POST", "v4/oa/access_token"):
        return oauth.understand_token(call)
    return _refuse_path()


def _refuse_path() -> DoubleOperation:
    """A path that the double does not have."""

    def carry_out() -> DoubleOutcome:
        raise errors.unknown_api()

    return DoubleOperation(action=DoubleAction.READ, account=None, carry_out=carry_out)
