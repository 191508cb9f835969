from pathlib import Path

import pytest

from tuyen_local import cache
from tuyen_local.errors import CannotStart


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "recipe"
    path.write_text("one")
    return path


@pytest.fixture
def newer_recipe(recipe: Path) -> Path:
    path = recipe.with_name("newer")
    path.write_text("two")
    return path


async def fill(directory: Path) -> None:
    (directory / "broker.jar").write_text("jar")


async def test_what_is_installed_is_installed_once_for_one_recipe(
    recipe: Path, newer_recipe: Path
) -> None:
    place = await cache.install_once("broker", recipe, fill)
    (place / "mark").touch()
    assert await cache.install_once("broker", recipe, fill) == place
    assert (place / "mark").exists()
    assert await cache.install_once("broker", newer_recipe, fill) != place


async def test_a_download_that_breaks_leaves_nothing_behind(recipe: Path) -> None:
    async def break_off(directory: Path) -> None:
        await fill(directory)
        await cache.download(["sh", "-c", "echo no route; exit 1"], "the broker")

    with pytest.raises(CannotStart, match=r"the broker could not be downloaded.*no route"):
        await cache.install_once("broker", recipe, break_off)
    assert [path.name for path in cache.directory().iterdir()] == ["broker.lock"]
    assert (await cache.install_once("broker", recipe, fill) / "broker.jar").exists()
