"""What sub-protocols say of the frames."""

import pytest

from mediation.transports.websocket.subprotocols import SUPPORTED, content_type_of, subprotocol_names

CONTENT_TYPES = [
    ("synapse(contentType='application/json')", "application/json"),
    ('synapse( contentType = "text/xml; charset=utf-8" )', "text/xml"),
    ("synapse(contentType='')", "text/xml"),
    ("synapse.json", "application/json"),
    ("synapse.xml", "application/xml"),
    ("synapse.text-xml", "text/xml"),
    ("chat", None),
    (None, None),
]


@pytest.mark.parametrize(("subprotocol", "content_type"), CONTENT_TYPES)
def test_the_content_type_of_a_subprotocol(subprotocol, content_type):
    assert content_type_of(subprotocol) == content_type


def test_every_synapse_value_has_an_alias_that_browsers_can_offer():
    types = {content_type_of(value) for value in SUPPORTED if "(" in value}
    assert types == {content_type_of(value) for value in SUPPORTED if "(" not in value}


def test_names_are_separated_by_commas_outside_of_parentheses():
    assert subprotocol_names("chat.v1, x(a='1,2') ,") == ("chat.v1", "x(a='1,2')")


def test_what_a_handshake_cannot_carry_is_no_name():
    with pytest.raises(ValueError, match="cannot carry"):
        subprotocol_names("chät")
