"""Why a request failed, in words for agents."""

from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_channels.refusals import TEXTS, explain_refusal


def test_i6_a_refusal_is_explained_in_both_languages_with_the_channels_code() -> None:
    found = explain_refusal(
        ChannelRefusal(RefusalKind.PERMANENT, "outside_window", "Facebook 10/2018278")
    )
    assert (found.code, found.retry) == ("outside_window", False)
    assert found.en == f"{TEXTS['outside_window'].en} (Facebook 10/2018278)"
    assert found.vi.endswith("(Facebook 10/2018278)")


def test_i6_a_code_of_a_later_version_has_a_text() -> None:
    found = explain_refusal(ChannelRefusal(RefusalKind.PERMANENT, "of_a_later_version"))
    assert (found.code, found.en) == ("of_a_later_version", TEXTS["refused"].en)


def test_i6_every_code_has_a_text_in_both_languages() -> None:
    assert all(text.vi and text.en and text.vi != text.en for text in TEXTS.values())
