"""P4, R7.2: whose a body is that cannot be read as a whole."""

import pytest

from tuyen_channels.unreadable import find_account, find_page_of_entries

PAGES = frozenset({"104", "105"})


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (b'{"object":"page","entry":[{"id":"104","time":1,"messaging":[{', "104"),
        (b'{"entry":[{"time": 1, "id": 104, "changes":[', "104"),
        (b'{"entry":[{"id":"104","time":1,"messaging":[{"sender":{"id":"105"}', "104"),
        (b'{"entry":[{"id":"104","time":1,"messaging":[]},{"id":"104","time":2', "104"),
        (b'{"entry":[{"id":"104","time":1,"messaging":[]},{"id":"105","time":2', ""),
        (b'{"entry":[{"id":"104","time":1,"messaging":[]},{"messaging":[{"sender":', ""),
        (b'{"entry":[{"id":"999","time":1,"messaging":[{"sender":{"id":"105"}', ""),
        (b'{"entry":[{"id":"104","messaging":[', ""),
        (b"not JSON at all", ""),
    ],
)
def test_p4_a_body_is_the_pages_that_it_names_beyond_doubt(body: bytes, page: str) -> None:
    assert find_page_of_entries(body, PAGES) == page


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (b'{"sender":{"id":"246"},"recipient":{"id":"104"},"event_name":', "104"),
        (b'{"oa_id": "105", "follower":{"id":"246"}', "105"),
        (b'{"sender":{"id":"105"},"recipient":{"id":"104"}', ""),
        (b'{"sender":{"id":"246"},"recipient":{"id":"388"}', ""),
        (b"{", ""),
    ],
)
def test_p4_a_body_of_zalo_is_the_one_account_that_it_names(body: bytes, account: str) -> None:
    assert find_account(body, PAGES) == account
