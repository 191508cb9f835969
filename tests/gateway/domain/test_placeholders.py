"""I7: names take the place of placeholders, once, and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_gateway.domain.placeholders import NAMES, fill_in, find_unknown


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Chào {{customer.name}}!", "Chào Chị Lan!"),
        ("Chào {{ customer.name }}, {{agent.name}} đây.", "Chào Chị Lan, Minh đây."),
        ("{{customer.name|bạn}} ơi", "Chị Lan ơi"),
        ("{{customer.name}}{{customer.name}}", "Chị LanChị Lan"),
        ("giá {50} và {{}}", "giá {50} và {{}}"),
        ("{{order.id}}", "{{order.id}}"),
        ("{{{customer.name}}}", "{Chị Lan}"),
        ("một\n{{agent.name}}", "một\nMinh"),
    ],
)
def test_i7_placeholders_are_filled_in(text: str, filled: str) -> None:
    assert fill_in(text, customer_name="Chị Lan", agent_name="Minh") == filled


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Chào {{customer.name}}, shop đây.", "Chào, shop đây."),
        ("Chào {{customer.name|bạn}}, shop đây.", "Chào bạn, shop đây."),
        ("Chào {{customer.name| quý khách }}.", "Chào quý khách."),
        ("một\n{{customer.name}}", "một\n"),
    ],
)
@pytest.mark.parametrize("unknown", [None, "", "  "])
def test_i7_a_customer_without_a_name_is_called_by_the_default_or_not_at_all(
    text: str, filled: str, unknown: str | None
) -> None:
    assert fill_in(text, customer_name=unknown, agent_name="Minh") == filled


def test_i7_a_name_is_never_a_template_itself() -> None:
    filled = fill_in(
        "{{customer.name}} {{agent.name}}", customer_name="{{agent.name}}", agent_name="\\1 \\g<0>"
    )
    assert filled == "{{agent.name}} \\1 \\g<0>"


def test_i7_a_name_is_one_line() -> None:
    assert fill_in("{{customer.name}}", customer_name="Lan\n\tHà ", agent_name="-") == "Lan Hà"


@pytest.mark.parametrize("text", ["{{order.id}}", "{{customer.phone|x}}", "{{ customer }}"])
def test_i7_a_placeholder_without_a_meaning_is_found(text: str) -> None:
    assert find_unknown(text) is not None


@pytest.mark.parametrize("name", NAMES)
def test_i7_a_placeholder_with_a_meaning_is_not(name: str) -> None:
    assert find_unknown(f"a {{{{{name}}}}} b {{{{ {name} | c }}}}") is None


@given(st.text())
def test_i7_a_text_without_placeholders_stays_as_it_is(text: str) -> None:
    plain = text.replace("{{", "{")
    assert fill_in(plain, customer_name="Lan", agent_name="Minh") == plain
