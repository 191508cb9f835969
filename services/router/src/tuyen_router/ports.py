"""What the stages need from the rest of the process."""

from collections.abc import Callable

from tuyen_events.ids import OrganizationId
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.domain.organization import OrganizationState

CustomerStates = Callable[[int], CustomerState]
"""Stage 1's state of an owned partition."""

DispatchStates = Callable[[int], DispatchState]
"""Stage 2's state of an owned partition."""

Organizations = Callable[[OrganizationId], OrganizationState]
"""The present state of an organization; an unknown one assigns nothing."""
