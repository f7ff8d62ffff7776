import pytest

from mediation.compiler import Compiler
from mediation.errors import EndpointNotFound, SequenceNotFound
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.targets import Target
from tests.mediation.support import DictEnvironment

SET = '<property name="was" value="{}"/>'


def target(attributes: str = "", inside: str = "") -> tuple[Target, Compiler]:
    compiler = Compiler()
    xml = f'<target xmlns="{SYNAPSE_NS}" {attributes}>{inside}</target>'
    return Target.from_xml(parse_xml(xml), compiler), compiler


def context() -> MessageContext:
    return MessageContext(DictEnvironment(named=SET.format("named")))


@pytest.mark.parametrize(
    ("attributes", "inside", "was"),
    [
        ('sequence="named"', "", "named"),
        ("", f"<sequence>{SET.format('inline')}</sequence>", "inline"),
        ('sequence="anon"', f"<sequence>{SET.format('inline')}</sequence>", "inline"),
        ('sequence="named"', '<endpoint key="e"/>', "named"),
        ("", "", None),
    ],
)
def test_the_sequence_inside_goes_before_the_one_by_name(attributes, inside, was):
    ctx = context()
    assert target(attributes, inside)[0].mediate(ctx) is True
    assert ctx.get("was") == was


@pytest.mark.parametrize(
    ("attributes", "inside", "references"),
    [
        ('sequence="named"', "", [("sequence", "named")]),
        ('sequence="anon"', "<sequence/>", []),
        ('endpoint="e"', "", [("endpoint", "e")]),
        ('endpoint="anon"', '<endpoint key="e"/>', [("endpoint", "e")]),
    ],
)
def test_a_name_that_an_inline_one_replaces_refers_to_nothing(attributes, inside, references):
    _, compiler = target(attributes, inside)
    assert [(each.kind, each.name) for each in compiler.references] == references


def test_addresses_are_set_before():
    ctx = context()
    target('to="http://h/" soapAction="urn:a"')[0].mediate(ctx)
    assert (ctx.to, ctx.action, ctx.headers.get("SOAPAction")) == ("http://h/", "urn:a", '"urn:a"')


def test_what_is_not_deployed_fails():
    with pytest.raises(SequenceNotFound):
        target('sequence="nowhere"')[0].mediate(context())
    with pytest.raises(EndpointNotFound):
        target('endpoint="nowhere"')[0].mediate(context())
