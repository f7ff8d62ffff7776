from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from mediation.errors import MediationError

from .support import json, mediator, message, mistakes, soap


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ('value="a"', "a"),
        ('value="12" type="INTEGER"', 12),
        ('value="9999999999" type="LONG"', 9999999999),
        ('value="1.5" type="DOUBLE"', 1.5),
        ('value="true" type="BOOLEAN"', True),
        ("""value='{"a": [1]}' type="JSON\"""", {"a": [1]}),
        ('value="word" type="JSON"', "word"),
        ('expression="${payload.id}"', "7"),
        ('expression="${payload.id}" type="INTEGER"', 7),
        ('expression="${payload}" type="JSON"', {"id": 7, "list": [1]}),
        ('expression="json-eval($.list)" type="JSON"', [1]),
        ('expression="$ctx:none"', None),
        ('expression="count($body/*)" type="INTEGER"', 1),
    ],
)
def test_a_variable_has_a_type(attributes: str, value: Any):
    ctx = json('{"id": 7, "list": [1]}')

    assert mediator(f'<variable name="v" {attributes}/>').mediate(ctx) is True

    assert ctx.variables["v"] == value
    assert type(ctx.variables["v"]) is type(value)


def test_xml_is_each_message_s_own():
    set_variable = mediator('<variable name="v" type="XML" value="&lt;a&gt;1&lt;/a&gt;"/>')
    one, other = message(), message()

    set_variable.mediate(one)
    set_variable.mediate(other)
    one.variables["v"].text = "2"

    assert etree.tostring(other.variables["v"]) == b"<a>1</a>"


def test_xml_from_the_message_is_a_copy():
    ctx = soap("<m:a><m:b>1</m:b></m:a>")

    mediator('<variable name="v" type="XML" expression="//m:a"/>').mediate(ctx)
    ctx.payload.body[0][0].text = "2"

    assert ctx.variables["v"][0].text == "1"


def test_a_variable_is_removed():
    ctx = message()
    ctx.variables["v"] = "a"

    mediator('<variable name="v" action="remove"/>').mediate(ctx)

    assert "v" not in ctx.variables


def test_variables_travel_to_the_answer():
    ctx = message()
    mediator('<variable name="v" value="a"/>').mediate(ctx)

    assert ctx.response(ctx.payload, ctx.headers, {}).variables == {"v": "a"}


def test_what_does_not_convert_fails_when_the_message_comes():
    with pytest.raises(MediationError, match="Unknown type : INTEGER for the variable mediator"):
        mediator('<variable name="v" type="INTEGER" expression="${payload.id}"/>').mediate(json('{"id": "x"}'))


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<variable value="a"/>', '<variable> needs the attribute "name"'),
        ('<variable name="v"/>', "Either one of 'value' or 'expression' attributes is required"),
        ('<variable name="v" value="x" type="INTEGER"/>', "Unknown type : INTEGER for the variable mediator"),
        ('<variable name="v" value="x" type="OM"/>', "Unknown type : OM for the variable mediator"),
        ('<variable name="v" value="x" action="add"/>', 'action "add" is not one of set, remove'),
        ('<variable name="v" expression="${5 +}"/>', "cannot be used"),
    ],
)
def test_mistakes_are_refused(xml: str, mistake: str):
    assert mistake in mistakes(xml)[0]
