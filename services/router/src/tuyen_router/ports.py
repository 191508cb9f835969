"""What the stages ask of the rest of the process."""

from collections.abc import Callable

from tuyen_events.ids import OrganizationId
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.rotations import Rotations
from tuyen_router.domain.state import Partition

CustomerPartition = Callable[[int], Partition]
"""Stage 1's state of a partition that is owned."""

OrganizationPartition = Callable[[int], Rotations]
"""Stage 2's state of a partition that is owned."""

Organizations = Callable[[OrganizationId], Organization]
"""An organization as it is known at this moment; an unknown one assigns nothing."""
