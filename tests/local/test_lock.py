from pathlib import Path

import pytest

from tuyen_local import lock
from tuyen_local.errors import CannotStart


def test_a_second_stack_in_the_same_directory_is_refused_by_name(tmp_path: Path) -> None:
    with lock.held(tmp_path), pytest.raises(CannotStart, match=str(tmp_path)), lock.held(tmp_path):
        pass


def test_the_directory_is_free_again_afterwards(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        pass
    with lock.held(tmp_path):
        assert (tmp_path / "lock").read_text().isdigit()
