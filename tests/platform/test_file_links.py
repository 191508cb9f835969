"""L5: links to files for those who have no account here."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_platform.file_links import LINK_CHARACTERS, LINKS_LAST, FileLinks, LinkedFile

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
FILE = LinkedFile(OrganizationId("hoa-sen"), AttachmentId("att_1"))
LINKS = FileLinks(SecretStr("one"))


def test_l5_a_link_names_its_file_until_it_ends() -> None:
    link = LINKS.make(FILE, NOW)
    assert LINKS.make(FILE, NOW) == link
    assert LINKS.read(link, NOW) == FILE
    assert LINKS.read(link, NOW + LINKS_LAST - timedelta(seconds=1)) == FILE
    assert LINKS.read(link, NOW + LINKS_LAST) is None
    longest = LinkedFile(OrganizationId("o" * 64), AttachmentId("a" * 64))
    assert len(LINKS.make(longest, NOW)) <= LINK_CHARACTERS


def test_p6_links_are_read_while_keys_are_changed() -> None:
    link = LINKS.make(FILE, NOW)
    assert FileLinks(SecretStr("two,one")).read(link, NOW) == FILE
    assert FileLinks(SecretStr("two")).read(link, NOW) is None


@pytest.mark.parametrize("change", [0, 5, -1])
def test_l5_a_changed_link_names_nothing(change: int) -> None:
    link = list(LINKS.make(FILE, NOW))
    link[change] = "x" if link[change] != "x" else "y"
    assert LINKS.read("".join(link), NOW) is None


@given(st.text(max_size=60))
def test_l5_any_other_text_is_no_link(text: str) -> None:
    assert LINKS.read(text, NOW) is None
