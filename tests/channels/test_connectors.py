"""The registry of connectors."""

import pytest

from channels.calling import ScriptedTransport, answer
from tuyen_channels.calls import AfterLost
from tuyen_channels.connectors import CONNECTORS, connector_settings, open_connectors
from tuyen_events.outbound import OutboundAction
from tuyen_events.vocabulary import Channel


def test_p5_every_channel_has_a_connector() -> None:
    assert set(CONNECTORS) == set(Channel)
    assert {connector.name for connector in CONNECTORS.values()} == set(Channel)


def test_p5_connectors_are_opened_with_their_settings() -> None:
    settings, transport = connector_settings(), ScriptedTransport(answer({}))
    assert settings["facebook_api"].startswith("https://graph.facebook.com/")
    assert set(open_connectors(settings, transport, transport)) == set(Channel)
    with pytest.raises(KeyError):
        open_connectors({}, transport, transport)


@pytest.mark.parametrize("channel", Channel)
def test_p5_a_channel_that_is_to_be_asked_can_be_asked(channel: Channel) -> None:
    transport = ScriptedTransport(answer({}))
    connector = open_connectors(connector_settings(), transport, transport)[channel]
    is_asked = AfterLost.LOOK in map(connector.after_lost, OutboundAction)
    assert is_asked == (connector.look is not None)
