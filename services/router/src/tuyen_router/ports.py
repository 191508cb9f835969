"""What the stages ask of the rest of the process."""

from collections.abc import Callable

from tuyen_events.ids import OrganizationId
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.state import CustomerState

CustomerPartition = Callable[[int], CustomerState]
"""Stage 1's state of a partition that is owned."""

OrganizationPartition = Callable[[int], DispatchState]
"""Stage 2's state of a partition that is owned."""

Organizations = Callable[[OrganizationId], Organization]
"""An organization as it is known at this moment; an unknown one assigns nothing."""
