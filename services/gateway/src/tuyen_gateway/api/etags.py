"""Versions in headers: `ETag` on what was written, `If-Match` on what may have changed (R6.4)."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from tuyen_gateway.errors import InvalidVersionError

_STRONG = re.compile(r'"(\d{1,18})"')


def set_etag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'"{version}"'


async def _parse_expected_version(
    if_match: Annotated[
        str | None,
        Header(
            description="Refuse with `412` if the version has changed by then.", examples=['"3"']
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _STRONG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidVersionError('Send one version in quotes, such as `"3"`.')
    return int(found[1])


ExpectedVersion = Annotated[int | None, Depends(_parse_expected_version)]
