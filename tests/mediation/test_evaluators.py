"""Conditions on headers, parameters, URLs, properties and content."""

from __future__ import annotations

import pytest

from mediation.compiler import Compiler
from mediation.errors import ConfigurationError
from mediation.evaluators import Evaluator, read_evaluator
from mediation.headers import Headers
from mediation.payloads.xml import parse_xml
from tests.mediation.mediators.support import message

URI = "http://host:8080/services/Stock?id=7&name=a%20b"


def evaluator(xml: str) -> Evaluator:
    return read_evaluator(parse_xml(xml), Compiler())


def holds(xml: str) -> bool:
    ctx = message("<m:a xmlns:m='urn:m'>7</m:a>", "application/xml", kind="Gold")
    ctx.headers = Headers([("User-Agent", "curl/8")])
    return evaluator(xml).holds(ctx, URI)


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<equal type="header" source="user-agent" value="CURL/8"/>', True),
        ('<equal source="User-Agent" value="x"/>', False),
        ('<match source="User-Agent" regex="curl.*"/>', True),
        ('<match source="User-Agent" regex="curl"/>', False),
        ('<match source="Nothing" regex=".*"/>', False),
        ('<equal type="param" source="name" value="a b"/>', True),
        ('<equal type="property" source="kind" value="gold"/>', True),
        ('<equal type="url" source="protocol" value="http"/>', True),
        ('<equal type="url" source="port" value="8080"/>', True),
        ('<match type="url" regex=".*Stock.*"/>', True),
        ('<equal type="soap" source="//m:a" xmlns:m="urn:m" value="7"/>', True),
        ('<and><match type="url" regex=".*"/><equal source="x" value="y"/></and>', False),
        ('<or><match type="url" regex=".*"/><equal source="x" value="y"/></or>', True),
        ('<not><equal source="x" value="y"/></not>', True),
    ],
)
def test_conditions(xml: str, expected: bool) -> None:
    assert holds(xml) is expected


def test_without_a_url_conditions_on_it_do_not_hold() -> None:
    assert evaluator('<match type="url" regex=".*"/>').holds(message(), None) is False


@pytest.mark.parametrize(
    "xml",
    [
        "<xor/>",
        "<and><equal source='a' value='b'/></and>",
        "<not/>",
        "<equal value='b'/>",
        "<equal source='a'/>",
        "<equal type='cookie' source='a' value='b'/>",
        "<match type='url' source='scheme' regex='a'/>",
        "<match source='a' regex='['/>",
    ],
)
def test_mistakes(xml: str) -> None:
    with pytest.raises(ConfigurationError):
        evaluator(xml)
