"""What a caller got wrong, or what cannot be done now: a small tree that knows nothing of HTTP.

`detail` is one sentence for the person in front of it: what is wrong, and what to do.
"""

from tuyen_events.ids import AgentId


class GatewayError(Exception):
    """The root; never raised itself."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnauthenticatedError(GatewayError):
    """Nobody known asks: no token, a token that ended, a wrong password."""


class ForbiddenError(GatewayError):
    """The viewer is known and may not do this."""


class NotFoundError(GatewayError):
    """It does not exist, or the viewer may not see it (R7.2): the two cannot be told apart."""


class ConflictError(GatewayError):
    """What is asked does not fit what stands."""


class TakenError(GatewayError):
    """Somebody has it already (R6.6)."""

    def __init__(self, detail: str, agent_id: AgentId | None) -> None:
        super().__init__(detail)
        self.agent_id = agent_id


class InvalidError(GatewayError):
    """What was sent is well-formed and wrong. `field` is its place in the body, with dots."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class VersionPassedError(GatewayError):
    """Another change came first (R6.4). Carries what stands now."""

    def __init__(self, detail: str, version: int, agent_id: AgentId | None) -> None:
        super().__init__(detail)
        self.version = version
        self.agent_id = agent_id


class TooManyAttemptsError(GatewayError):
    """The next attempt is refused unread until `retry_after_s` seconds have passed."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UnavailableError(GatewayError):
    """Not now: a copy or a view is behind, or nobody answered in time. Worth repeating."""
