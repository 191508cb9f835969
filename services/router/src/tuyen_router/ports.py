"""What the stages need from the rest of the process."""

from typing import Protocol

from tuyen_directory.organization_state import OrganizationState
from tuyen_events.ids import OrganizationId
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.dispatch_state import DispatchState


class CustomerStates(Protocol):
    """Stage 1's states."""

    def __call__(self, number: int, /) -> CustomerState:
        """The state of a partition that this worker owns; raises KeyError for any other."""
        ...


class DispatchStates(Protocol):
    """Stage 2's states."""

    def __call__(self, number: int, /) -> DispatchState:
        """The state of a partition that this worker owns; raises KeyError for any other."""
        ...


class Organizations(Protocol):
    """What all organizations have set up, and their agents' presence."""

    def __call__(self, organization: OrganizationId, /) -> OrganizationState:
        """The present state of an organization; an unknown one assigns nothing."""
        ...
