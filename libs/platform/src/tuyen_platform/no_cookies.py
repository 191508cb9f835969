"""For HTTP clients that make calls on behalf of several organizations: what an answer to one call
sets must not be sent with another one's (P6).
"""

from http.cookiejar import CookieJar, DefaultCookiePolicy


def make_empty_jar() -> CookieJar:
    """A jar of cookies that takes none."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
