"""Whether the walk through a page (`support.walkthrough`) fails where the page does.

What the tour itself says is run against the whole stack in `tests/e2e/test_tour.py`.
"""

import time
from pathlib import Path

import pytest

from support.processes import has_ended, until
from support.walkthrough import PageStep, is_as_shown, read_steps, walk

PAGE = """
Set it.

```sh
NAME=nobody
greet() { echo "hello, $1"; }
```

Use it.

```sh
greet "$NAME"
date +%s
```

That prints

```text
hello, lan
...
```

```sh
until [ -e "$NAME" ]; do
  touch "$NAME"
done
```
"""
PATIENCE_S = 20.0


async def walk_page(directory: Path, page: str, **variables: str) -> None:
    await walk(read_steps(page), variables, directory, PATIENCE_S)


def one_step(commands: str, shown: str = "") -> str:
    return f"```sh\n{commands}\n```\n" + (f"```text\n{shown}\n```\n" if shown else "")


async def test_steps_share_a_shell_and_variables_have_the_values_of_the_test(
    tmp_path: Path,
) -> None:
    await walk_page(tmp_path, PAGE, NAME="lan")
    assert (tmp_path / "lan").exists()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (one_step("false"), "line 2 ended with status 1"),
        (one_step("true") + one_step("cat missing"), "line 5 ended with status 1"),
        (one_step("exit 0") + one_step("true"), "line 2 ended the shell"),
        (one_step("echo sent", shown="pending"), "line 2 printed\n\nsent\n\nand not\n\npending"),
        (one_step("echo something"), "line 2 printed"),
        (one_step("true", shown="sent"), "line 2 printed"),
        (one_step("echo first", "second") + one_step("false"), "line 2 printed"),
        (one_step("VALUE=$(curl -sS http://127.0.0.1:9/ | cat)"), "curl: "),
        ("```text\nsent\n```\n", "line 2 shows what no commands print"),
        (one_step("echo a", shown="a") + "```text\na\n```\n", "shows what no commands print"),
    ],
)
async def test_a_page_that_does_not_do_what_it_says_fails(
    tmp_path: Path, page: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        await walk_page(tmp_path, page)


async def test_a_variable_that_the_page_does_not_set_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="sets GATEWAY 0 times"):
        await walk_page(tmp_path, PAGE, GATEWAY="http://127.0.0.1:1")


async def test_a_loop_that_does_not_end_is_ended_with_all_that_the_page_started(
    tmp_path: Path,
) -> None:
    step = PageStep(2, "sleep 600 & echo $! > child\nuntil false; do sleep 0.1; done\n", "")
    begun = time.monotonic()
    with pytest.raises(AssertionError, match="line 2 did not end within 1 s"):
        await walk([step], {}, tmp_path, 1.0)
    assert time.monotonic() - begun < PATIENCE_S
    child = int((tmp_path / "child").read_text())
    await until(lambda: has_ended(child))


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ('{"id":"m_1","state":"sent"}\n\n', '{"id":"...","state":"sent"}\n', True),
        ('{"id":"m_1","state":"sent"}', '{"id":"...","state":"pending"}', False),
        ("a  \nb\n", "a\nb\n", True),
        ("a\nb\nc\n", "a\n...\nc\n", True),
        ("a\nb\nb\nc\n", "a\n...\nc\n", False),
        ("a\nc\n", "a\n...\nc\n", False),
        ("axc", "a.c", False),
    ],
)
def test_what_differs_each_time_is_masked_within_its_line(
    printed: str, shown: str, same: bool
) -> None:
    assert is_as_shown(printed, shown) is same
