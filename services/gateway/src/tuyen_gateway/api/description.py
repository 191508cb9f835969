"""The OpenAPI document as a file, from which the console's types are generated.

`python -m tuyen_gateway.api.description write` makes it from the routes, `check` tells whether the
committed file is what the routes say.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tuyen_gateway.api.app import describe_api

COMMITTED = Path(__file__).parents[3] / "console/openapi.json"
"""It is no part of the installed package."""


def write(path: Path = COMMITTED) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(), encoding="utf-8")


def check(path: Path = COMMITTED) -> list[str]:
    """What is wrong with the committed file; nothing when all is well."""
    if path.exists() and path.read_text(encoding="utf-8") == _text():
        return []
    return [f"{path.name}: is not what the routes say; run the command `write`"]


def _text() -> str:
    return json.dumps(describe_api(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tuyen_gateway.api.description")
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("--path", type=Path, default=COMMITTED)
    options = parser.parse_args(arguments)
    problems = check(options.path) if options.action == "check" else []
    if options.action == "write":
        write(options.path)
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
