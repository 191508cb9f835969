"""L4: the widget's script: small, cached, and fit for a strict content security policy."""

import gzip
import re

import pytest

from tuyen_channels.livechat.widget import WidgetScript

SCRIPT = WidgetScript()
TEXT = SCRIPT.content.decode()
MOST_BYTES = 30_000


def test_l4_the_script_has_less_than_30_kb_compressed() -> None:
    assert len(SCRIPT.compressed) < MOST_BYTES
    assert gzip.decompress(SCRIPT.compressed) == SCRIPT.content


@pytest.mark.parametrize(
    "unsafe",
    [
        r"\beval\(",
        r"new Function",
        r"\.(inner|outer)HTML\b",
        r"insertAdjacentHTML",
        r"document\.write",
        r"setAttribute\(\"(style|on\w+)\"",
        r"<style",
        r"createElement\(\"(style|script)\"\)",
        r"\.style\b",
        r"javascript:",
        r"document\.cookie",
    ],
)
def test_l4_nothing_in_it_needs_an_unsafe_policy(unsafe: str) -> None:
    assert re.findall(unsafe, TEXT) == []


def test_l4_its_one_style_sheet_is_constructed() -> None:
    assert "adoptedStyleSheets" in TEXT
    assert "attachShadow" in TEXT


def test_l4_it_keeps_quiet() -> None:
    assert re.findall(r"\bAudio\b|Notification|\.play\(|vibrate|document\.title", TEXT) == []
    motion = TEXT.partition("@media (prefers-reduced-motion: no-preference)")
    assert re.findall(r"animation|transition|(?<!over)scroll-behavior", motion[0]) == []
    # The only call that opens it answers a press.
    opening = [line.strip() for line in TEXT.splitlines() if re.search(r"(?<!\.)\btoggle\(", line)]
    assert opening == [
        "function toggle(isOpen) {",
        'launcher.addEventListener("click", () => toggle(panel.hidden));',
        'close.addEventListener("click", () => toggle(false));',
        'if (event.key === "Escape") toggle(false);',
    ]


def test_l4_it_says_what_was_seen_only_while_the_chat_is_open_and_shown() -> None:
    body = TEXT.partition("function untold() {")[2].partition("}")[0]
    assert 'if (panel.hidden || document.visibilityState === "hidden") return null;' in body


def test_l4_an_answer_that_cannot_be_read_counts_as_none_and_is_asked_for_again() -> None:
    """Otherwise nothing that a visitor writes afterwards would be sent."""
    tried, _, caught = TEXT.partition("async function call(")[2].partition("} catch {")
    assert "return await answer.json();" in tried
    assert "throw new Refused(0);" in caught.partition("\n  } finally {\n")[0]
    assert TEXT.count("answer.json()") == 1


def test_l4_it_speaks_both_languages_in_the_same_words() -> None:
    vi, en = re.findall(r"\n  (?:vi|en): \{\n(.*?)\n  \},", TEXT, re.DOTALL)
    assert re.findall(r"(\w+):", vi) == re.findall(r"(\w+):", en)


def test_l4_its_names_are_not_those_of_the_page() -> None:
    assert TEXT.startswith('(() => {\n"use strict";\n')
    assert TEXT.endswith("})();\n")


def test_l4_a_key_of_a_word_that_is_composed_is_none_of_the_chats() -> None:
    """Telex, and others."""
    assert "return event.isComposing || event.keyCode === 229;" in TEXT
    assert TEXT.count('"keydown", (event) => {') == TEXT.count("isComposing(event))")


def test_l4_another_service_serves_the_same_script_with_the_address_of_ingest_in_it() -> None:
    there = WidgetScript("https://ingest.example").content.decode()
    assert there.replace('const HOME = "https://ingest.example";', 'const HOME = "";') == TEXT
    assert TEXT.count('const HOME = "";') == 1
    assert "const base = HOME ? `${HOME}/livechat/${app}/` : own;" in TEXT
    odd = WidgetScript('https://x.example/"</script>').content.decode()
    assert r'const HOME = "https://x.example/\"</script>";' in odd
