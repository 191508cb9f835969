"""Phone numbers and emails that many people share. The CRM writes them; the gateway reads them."""

from tuyen_views.view import BY_ID, SetupDocument, View


class SharedNumberDocument(SetupDocument, frozen=True, kw_only=True):
    """One of them; it is the `id`."""


SHARED_NUMBERS_VIEW = View("crm_shared_numbers", SharedNumberDocument, (BY_ID,))
