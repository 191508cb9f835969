"""When the console is built, and what is said where it cannot be."""

import os
from pathlib import Path

import pytest

from tuyen_local.console import ConsoleTree, ensure_built, has_node, main

NPM = """\
#!/bin/sh
echo "npm $*" >> {calls}
test -e {failing} && echo 'main.tsx: a mistake' && exit 1
case "$*" in
  ci*) mkdir -p node_modules ;;
  "run build"*) mkdir -p "$5" && cp index.html "$5/" ;;
esac
"""
NODE = """\
#!/bin/sh
test "$1" = --version && echo {version} || true
"""


class Machine:
    """A machine with a Node that only pretends, and a console to build."""

    def __init__(self, place: Path, path: str) -> None:
        self.tree = ConsoleTree(place / "gateway/console", place / "gateway/src/console")
        self.tree.sources.mkdir(parents=True)
        self.tree.built.parent.mkdir()
        for name in ("index.html", "package-lock.json", "src/main.tsx", "src/main.test.tsx"):
            self.write(name, "one")
        self.said: list[str] = []
        self.failing = place / "failing"
        self._calls, self._programs, self._path = place / "calls", place / "programs", path
        self._programs.mkdir()

    def write(self, name: str, text: str) -> None:
        path = self.tree.sources / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def install_node(self, version: str = "v20.19.0") -> None:
        for name, text in (("npm", NPM), ("node", NODE)):
            program = self._programs / name
            program.write_text(
                text.format(calls=self._calls, failing=self.failing, version=version)
            )
            program.chmod(0o755)

    @property
    def path(self) -> str:
        """The tools that the pretence itself needs, and what is installed."""
        return f"{self._programs}{os.pathsep}{self._path}"

    @property
    def page(self) -> str | None:
        page = self.tree.built / "index.html"
        return page.read_text() if page.exists() else None

    def list_calls(self) -> list[str]:
        """What npm was called for since it was asked last."""
        calls = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return [call.removeprefix("npm ").split(" -")[0] for call in calls]

    async def ensure_built(self) -> None:
        await ensure_built(self.said.append, self.tree)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "mkdir", "cp"):
        (tools / name).symlink_to(f"/bin/{name}")
    machine = Machine(tmp_path, str(tools))
    monkeypatch.setenv("PATH", machine.path)
    return machine


async def test_it_is_built_once_for_its_sources(machine: Machine) -> None:
    machine.install_node()
    for _ in range(2):
        await machine.ensure_built()
        assert machine.page == "one"
    assert machine.list_calls() == ["ci", "run build"]
    assert machine.said == ["building the console; the first time takes a minute"]


async def test_it_is_built_again_when_a_source_has_changed_and_not_for_a_test(
    machine: Machine,
) -> None:
    machine.install_node()
    await machine.ensure_built()
    machine.list_calls()
    machine.write("src/main.test.tsx", "two")
    await machine.ensure_built()
    assert machine.list_calls() == []
    machine.write("index.html", "two")
    await machine.ensure_built()
    assert (machine.page, machine.list_calls()) == ("two", ["run build"])
    machine.write("package-lock.json", "two")
    await machine.ensure_built()
    assert machine.list_calls() == ["ci", "run build"]
    left = {path.name for path in machine.tree.sources.parent.iterdir()}
    assert left == {"console", "src"}


async def test_a_build_that_is_there_needs_no_node(machine: Machine) -> None:
    machine.install_node()
    await machine.ensure_built()
    machine.install_node("v18.20.4")
    machine.said.clear()
    await machine.ensure_built()
    assert machine.said == []
    machine.write("index.html", "two")
    await machine.ensure_built()
    assert machine.page == "one"
    assert machine.said == [
        "the console is that of an earlier build: to build it again takes "
        "Node 20.19 or newer, which is not on PATH"
    ]


@pytest.mark.parametrize("version", [None, "v18.20.4", "v20.18.3", "nothing"])
async def test_without_node_one_line_says_what_is_missing(
    machine: Machine, version: str | None
) -> None:
    if version is not None:
        machine.install_node(version)
    await machine.ensure_built()
    assert machine.page is None
    (line,) = machine.said
    assert line.startswith("there is no console at /: to build it takes Node 20.19")


@pytest.mark.parametrize("version", ["v20.19.0", "v22.1.0", "v24.0.0"])
async def test_a_newer_node_builds_it_too(machine: Machine, version: str) -> None:
    machine.install_node(version)
    assert await has_node()


async def test_a_build_that_fails_leaves_what_was_there(machine: Machine) -> None:
    machine.install_node()
    await machine.ensure_built()
    machine.said.clear()
    machine.failing.touch()
    machine.write("index.html", "two")
    await machine.ensure_built()
    assert machine.page == "one"
    assert "could not be built" in machine.said[-1]
    assert "main.tsx: a mistake" in machine.said[-1]
    machine.failing.unlink()
    await machine.ensure_built()
    assert machine.page == "two"


async def test_where_there_are_no_sources_there_is_nothing_to_build(machine: Machine) -> None:
    (machine.tree.sources / "package-lock.json").unlink()
    await machine.ensure_built()
    assert machine.said == []


def test_the_command_builds_checks_and_generates(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"], machine.tree) == 0
    assert main(["build"], machine.tree) == 1
    assert "Node 20.19" in capsys.readouterr().err
    machine.install_node()
    assert main(["build"], machine.tree) == 0
    assert machine.list_calls() == ["ci", "run build"]
    assert main(["check"], machine.tree) == 0
    assert main(["types"], machine.tree) == 0
    assert len(machine.list_calls()) == 4
    machine.failing.touch()
    assert main(["check"], machine.tree) == 1
    assert "a mistake" in capsys.readouterr().err
