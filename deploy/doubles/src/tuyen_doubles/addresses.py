"""Which channels have doubles, and where these are reached: a path for each host that they stand in
for.

A call that goes to the wrong host finds nothing, as in the real world.
"""

from enum import StrEnum


class DoubledChannel(StrEnum):
    FACEBOOK = "facebook"
    ZALO = "zalo"


class DoubledHost(StrEnum):
    """Each is named as the setting of the services that has its address, such as
    `TUYEN_FACEBOOK_API`."""

    FACEBOOK_API = "/graph.facebook.com"
    FACEBOOK_DIALOG = "/www.facebook.com"
    ZALO_API = "/openapi.zalo.me"
    ZALO_OAUTH = "/oauth.zaloapp.com"
