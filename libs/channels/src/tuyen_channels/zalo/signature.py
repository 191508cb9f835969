"""Zalo's signature: a plain SHA-256 over the app's id, the raw body, the time, and a secret (P2).

It is no HMAC. The time is the `timestamp` of the body, as it is written there. Some programs that
receive these webhooks read it from the header `X-ZEvent-Timestamp`, so a time of thirteen digits in
that header is tried as well: with fewer, the beginning of a time could be moved to the end of a
body that Zalo signed.
"""

import hashlib
import hmac
import re

_TIMES_TRIED = 4
"""How many values of members named `timestamp` are tried. Zalo's bodies have one."""

_find_times = re.compile(rb'"timestamp"\s*:\s*"?(\d{1,20})').finditer
_is_time = re.compile(rb"\d{13}").fullmatch


class ZaloSignature:
    """Verifies with the id of one app and the secret of its webhook ("OA Secret Key")."""

    def __init__(self, app_id: str, secret: str) -> None:
        if not app_id or not secret:
            raise ValueError("an empty app id or secret would let everybody sign")
        self._begun = hashlib.sha256(app_id.encode())
        self._secret = secret.encode()

    def verify(self, body: bytes, signature: bytes | None, time_header: bytes | None) -> bool:
        """Whether `signature` (`mac=` and hexadecimal digits, or the digits alone) is that of these
        bytes."""
        if signature is None:
            return False
        given = signature.strip().removeprefix(b"mac=")
        over_body = self._begun.copy()
        over_body.update(body)
        for time in _times(body, time_header):
            digest = over_body.copy()
            digest.update(time + self._secret)
            if hmac.compare_digest(digest.hexdigest().encode(), given):
                return True
        return False


def _times(body: bytes, header: bytes | None) -> list[bytes]:
    """The times that the signature may contain, without decoding a body that nobody has
    authenticated. A quotation mark inside a text is escaped, so only members are found."""
    times = [header] if header is not None and _is_time(header) else []
    for found in _find_times(body):
        if len(times) > _TIMES_TRIED:
            break
        if found[1] not in times:
            times.append(found[1])
    return times
