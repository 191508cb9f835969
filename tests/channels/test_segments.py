"""No id changes which address is called."""

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_channels.segments import name_segment

BASE = "https://graph.example/v24.0"


@given(st.one_of(st.text(max_size=20), st.from_regex(r"[./%2eE\\?#]{0,6}", fullmatch=True)))
def test_p5_an_id_is_one_segment_of_the_path_whatever_is_in_it(external_id: str) -> None:
    path = httpx.URL(f"{BASE}/{name_segment(external_id)}/messages").raw_path.decode()
    version, segment, messages = path.removeprefix("/").split("/")
    assert (version, messages) == ("v24.0", "messages")
    assert unquote(segment) in (external_id, "-")


@pytest.mark.parametrize("external_id", ["", ".", "..", None])
def test_p5_what_would_be_a_step_is_no_id(external_id: str | None) -> None:
    assert name_segment(external_id) == "-"
    assert name_segment("...") == "..."
    assert name_segment("1051_2:3-a") == "1051_2%3A3-a"
