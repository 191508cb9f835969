"""Error responses as in RFC 9457."""

from http import HTTPStatus
from typing import Any

PROBLEM_TYPE = "application/problem+json"


def build_problem(status: HTTPStatus, detail: str) -> dict[str, Any]:
    """The body of an error response. `detail` is a sentence for whoever wrote the caller."""
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
