"""R1.6: which link an address is at or below."""

import unicodedata

import pytest

from support.organizations import AT, SHOP
from tuyen_directory.links import Links
from tuyen_events.directory import LinkChanged
from tuyen_events.ids import GroupId, LinkId


def _links(*urls: str) -> Links:
    """One link for each address, whose group has its name."""
    return Links(
        {
            LinkId(f"l{number}"): LinkChanged(
                organization=SHOP, at=AT, id=LinkId(f"l{number}"), url=url, group=GroupId(url)
            )
            for number, url in enumerate(urls)
        }
    )


@pytest.mark.parametrize(
    ("link", "visited", "is_below"),
    [
        ("https://shop.example", "https://shop.example/", True),
        ("https://shop.example/", "https://shop.example", True),
        ("https://shop.example/vn", "https://shop.example/vn/giay", True),
        ("https://shop.example/vn/", "https://shop.example/vn", True),
        ("https://shop.example/vn", "https://shop.example/vnx", False),
        ("https://shop.example/vn", "https://shop.example", False),
        ("https://shop.example/vn", "https://shop.example/VN", False),
        ("https://shop.example/vn?utm=1#top", "https://shop.example/vn", True),
        ("https://shop.example/vn", "https://shop.example/vn?at=/us#giay", True),
        ("https://shop.example/vn", "https://shop.example?at=/vn", False),
        ("https://Shop.example/vn", "http://sHOP.example/vn", True),
        ("shop.example/vn", "https://shop.example/vn/giay", True),
        ("//shop.example/vn", "https://shop.example/vn", True),
        ("https://shop.example/vn", "https://other.example/vn", False),
        ("https://shop.example", "https://evil.example/shop.example", False),
        ("https://shop.example", "https://shop.example.evil.example", False),
        ("https://shop.example", "https://shop.example@evil.example", False),
        ("http://localhost:3000/vn", "http://localhost:3000/vn/giay", True),
        ("https://shop.example/giày", "https://shop.example/gi%C3%A0y/da", True),
        ("https://tiếngviệt.example/vn", "https://xn--tingvit-5t4cyc.example/vn/giay", True),
        ("https://xn--tingvit-5t4cyc.example", "https://tiếngviệt.example/vn", True),
        ("https://TIẾNGVIỆT.example", "https://xn--tingvit-5t4cyc.example", True),
        (
            unicodedata.normalize("NFD", "https://tiếngviệt.example/giày"),
            "https://XN--TINGVIT-5T4CYC.example/gi%C3%A0y",
            True,
        ),
        ("https://straße.example", "https://xn--strae-oqa.example", True),
        ("https://straße.example", "https://strasse.example", False),
        ("https://shop。example", "https://shop.example.", True),
        ("https://tiếngviệt.example", "https://xn--tingvit.example", False),
        ("https://shop.example", "https://xn--\ud800.example", False),
        ("https://shop.example", "https://xn--99999999.example", False),
        ("https://shop.example/vn", "https://[", False),
        ("https://shop.example/vn", "", False),
    ],
)
def test_r1_6_host_and_whole_segments_of_the_path_count(
    link: str, visited: str, is_below: bool
) -> None:
    assert _links(link).group_for(visited) == (link if is_below else None)


def test_r1_6_the_longest_link_wins() -> None:
    links = _links("shop.example/vn/giay", "shop.example", "shop.example/vn")
    for visited, group in [
        ("https://shop.example/vn/giay/da", "shop.example/vn/giay"),
        ("https://shop.example/vn/ao", "shop.example/vn"),
        ("https://shop.example/us", "shop.example"),
    ]:
        assert links.group_for(visited) == group


def test_r1_6_of_two_links_with_one_address_the_smaller_id_counts() -> None:
    links = _links("https://shop.example/vn", "http://shop.example/vn/")
    assert links.group_for("https://shop.example/vn") == "https://shop.example/vn"
    second = Links({LinkId("l1"): links.by_id[LinkId("l1")]})
    assert second.group_for("shop.example/vn") == "http://shop.example/vn/"


def test_r1_6_an_endless_address_is_looked_at_as_far_as_links_go() -> None:
    assert _links("shop.example/a").group_for("https://shop.example" + "/a" * 100_000) is not None
