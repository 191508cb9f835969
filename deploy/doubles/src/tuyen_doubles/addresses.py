"""Where the doubles are reached: a path for each host that they stand in for.

A call that goes to the wrong host finds nothing, as in the real world.
"""

FACEBOOK_API = "/graph.facebook.com"
FACEBOOK_DIALOG = "/www.facebook.com"
ZALO_API = "/openapi.zalo.me"
ZALO_OAUTH = "/oauth.zaloapp.com"
