"""Operations of connectors."""

import pytest

from mediation.compiler import compile_artifact
from mediation.connectors import ConnectorImport
from mediation.errors import MediationError, SequenceNotFound, TemplateNotFound
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from tests.mediation.mediators import support
from tests.mediation.support import DictEnvironment, compiled


def template(operation: str, body: str, package: str = "org.wso2.carbon.connector") -> str:
    return (
        f'<template xmlns="{SYNAPSE_NS}" name="{package}.{operation}"><parameter name="p"/>'
        f"<sequence>{body}</sequence></template>"
    )


def imported(name: str = "hello", package: str = "org.wso2.carbon.connector", status: str = "enabled") -> str:
    return f'<import xmlns="{SYNAPSE_NS}" name="{name}" package="{package}" status="{status}"/>'


def message(*artifacts: str) -> MessageContext:
    return MessageContext(DictEnvironment(*artifacts), default={"who": "you"})


SEEN = '<property name="seen" expression="$func:p"/>'


@pytest.mark.parametrize(
    ("value", "seen"), [("me", "me"), (" me ", "me"), ("{$ctx:who}", "you"), ("{{$ctx:who}}", "you"), ("", "")]
)
def test_an_operation_is_a_template_and_its_children_are_the_parameters(value: str, seen: str):
    ctx = message(imported(), template("hello.greet", SEEN))

    assert support.mediator(f"<hello.greet><p>{value}</p></hello.greet>").mediate(ctx) is True
    assert ctx.get("seen") == seen


def test_the_package_is_that_of_the_import():
    ctx = message(imported("{org.example}hello", "org.example"), template("hello.greet", SEEN, "org.example"))

    support.mediator("<hello.greet><p>me</p></hello.greet>").mediate(ctx)

    assert ctx.get("seen") == "me"


def test_the_configuration_of_a_connector_runs_first():
    entry = f'<localEntry xmlns="{SYNAPSE_NS}" key="account"><hello.init><p>secret</p></hello.init></localEntry>'
    init = '<property name="account" expression="$func:p"/>'
    ctx = message(entry, template("hello.init", init), template("hello.greet", SEEN))

    support.mediator('<hello.greet configKey="account"><p>me</p></hello.greet>').mediate(ctx)

    assert (ctx.get("account"), ctx.get("seen")) == ("secret", "me")


def test_an_operation_can_end_the_flow():
    assert support.mediator("<hello.stop/>").mediate(message(template("hello.stop", "<drop/>"))) is False


def test_what_is_missing_is_a_fault():
    with pytest.raises(TemplateNotFound, match=r"^Sequence template org.wso2.carbon.connector.a.b cannot be found$"):
        support.mediator("<a.b/>").mediate(message())
    with pytest.raises(SequenceNotFound):
        support.mediator('<a.b configKey="none"/>').mediate(message(template("a.b", "")))
    with pytest.raises(MediationError, match=r"^The connector a is not enabled$"):
        support.mediator("<a.b/>").mediate(message(imported("a", status="disabled"), template("a.b", "")))


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<a.b><p><x/></p></a.b>", "the parameter <p> with XML in it is kept, but cannot run in this version"),
        (
            "<a.b><responseVariable>v</responseVariable></a.b>",
            "<responseVariable> of a connector's operation is kept, but cannot run in this version",
        ),
        ("<a.b><p>{//}</p></a.b>", 'expression "//" cannot be used: Invalid expression'),
    ],
)
def test_what_is_not_run_is_said(xml: str, mistake: str):
    assert support.mistakes(xml) == [mistake]


def test_an_import_says_what_may_be_used():
    assert compiled(imported(status="Disabled")) == ConnectorImport("hello", "org.wso2.carbon.connector", False)
    compilation = compile_artifact(parse_xml(f'<import xmlns="{SYNAPSE_NS}" name="x"/>'))
    assert [each.message for each in compilation.errors] == ['<import> needs the attribute "package"']
