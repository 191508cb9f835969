"""The author and the time of a change of the desk."""

from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.desk import Editor


def editor_of(caller: Caller, gateway: Gateway) -> Editor:
    """The caller, now."""
    return Editor(caller.organization.id, caller.viewer.agent_id, gateway.clock.now())
