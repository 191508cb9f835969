"""Values that no field, parameter or header expects."""

import json
from collections.abc import Mapping

ODD: Mapping[str, str] = {
    "nul": r'"a\u0000b"',
    "half a pair": r'"\ud800"',
    "long": json.dumps("x" * 20_000),
    "a megabyte": json.dumps("x" * 1_000_000),
    "huge": str(10**30),
    "below": str(-(10**30)),
    "past 64 bit": str(2**63),
    "not a number": "NaN",
    "endless": "1e999",
    "deep list": "[" * 900 + "]" * 900,
    "deeper": "[" * 20_000 + "]" * 20_000,
    "deep object": '{"a":' * 900 + "1" + "}" * 900,
    "many": json.dumps(["facebook_comment"] * 12_000),
    "many of them": json.dumps([{"agent_id": f"a{n}"} for n in range(9_000)]),
    "null": "null",
    "true": "true",
    "list": "[]",
    "object": "{}",
    "empty": '""',
    "blank": '" "',
    "odd id": '"../..\\r\\n$where"',
    "unnormalized": '"chu\\u0309 \\ud83d\\ude00 \\u202e\\ufdfa"',
}
"""By name, what no field expects, as JSON."""

OF_A_WHOLE_BODY = frozenset({"a megabyte", "deeper", "many of them"})
"""Those that no route sees, or whose place makes no difference."""

ODD_IN_URL: Mapping[str, str] = {
    "nul": "%00",
    "half a pair": "%ED%A0%80",
    "long": "x" * 20_000,
    "huge": str(10**30),
    "below": str(-(10**30)),
    "past 64 bit": str(2**63),
    "not a number": "NaN",
    "deep": "%5B" * 2_000,
    "empty": "",
    "blank": "%20",
    "superscript": "%C2%B2",
    "pattern": "%28%2A%5B%24",
    "unnormalized": "chu%CC%89%F0%9F%98%80%EF%B7%BA",
}

ODD_HEADERS: tuple[tuple[str, bytes], ...] = (
    *(
        ("Authorization", value)
        for value in (
            b"Bearer \xe9\xff",
            b"Bearer ",
            b"bearer",
            b"Basic YTpi",
            b"Bearer a.b.c",
            b"Bearer " + b"W" * 20_000,
            b"Bearer W1tbW1tb" + b"W1tb" * 5_000 + b".e30.x",
            b"Bearer eyJhbGciOiJub25lIn0.e30.",
            b"\xff" * 100,
        )
    ),
    *(
        ("If-Match", value)
        for value in (b'"999999999999999999999999"', b'"\xb2"', b"\xff", b'W/"1"', b'"-1"', b"")
    ),
    ("Idempotency-Key", b"\xff" * 1_000),
    ("Last-Event-ID", b"9" * 1_000),
    ("Content-Type", b"\xff"),
    ("Content-Type", b"application/json; charset=utf-7"),
    ("Content-Length", b"-1"),
    ("Content-Length", b"9" * 5_000),
    ("Transfer-Encoding", b"\xff"),
    ("Accept", b"\xff"),
    ("Origin", b"\xff\xfe"),
)
