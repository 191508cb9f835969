"""The registry of those channels that can be asked who a customer is."""

import pytest

from channels.calling import ScriptedTransport, answer
from tuyen_channels.connectors import connector_settings
from tuyen_channels.profile_sources import PROFILE_SOURCES, open_profile_sources
from tuyen_events.vocabulary import Channel


def test_c1_whoever_names_no_customer_in_webhooks_can_be_asked() -> None:
    assert set(PROFILE_SOURCES) == {Channel.FACEBOOK, Channel.ZALO}
    assert all(source.name == channel for channel, source in PROFILE_SOURCES.items())


def test_c1_sources_are_opened_with_the_settings_of_the_connectors() -> None:
    transport = ScriptedTransport(answer({}))
    assert set(open_profile_sources(connector_settings(), transport)) == set(PROFILE_SOURCES)
    with pytest.raises(KeyError):
        open_profile_sources({}, transport)
