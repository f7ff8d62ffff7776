"""How inbound endpoints are read, and what their parameters may say."""

import pytest

from mediation.compiler import compile_artifact
from mediation.payloads.xml import parse_xml

from .support import compiled


def xml(*parameters, attributes='name="test" protocol="ws" sequence="dispatchSeq" onError="fault"'):
    inside = "".join(f'\n<parameter name="{name}">{value}</parameter>' for name, value in parameters)
    return f"<inboundEndpoint {attributes}><parameters>{inside}</parameters></inboundEndpoint>"


PORT = ("inbound.ws.port", "9091")


def test_every_parameter_is_read():
    endpoint = compiled(
        xml(
            PORT,
            ("ws.client.side.broadcast.level", "2"),
            ("ws.outflow.dispatch.sequence", "out"),
            ("ws.outflow.dispatch.fault.sequence", "outFault"),
            ("ws.default.content.type", "application/json"),
            ("dispatch.custom.sequence", "true"),
            ("ws.use.port.offset", "true"),
            ("ws.shutdown.status.code", "4000"),
            ("ws.shutdown.status.message", "over"),
            ("ws.propagate.close", "false"),
            ("ws.inject.lifecycle", "none"),
            ("ws.allowed.origins", "https://a.example, https://b.example"),
            attributes='name="test" protocol="ws" sequence="s" onError="e" suspend="true"',
        )
    )
    assert (endpoint.name, endpoint.sequence, endpoint.on_error, endpoint.suspended) == ("test", "s", "e", True)
    assert (endpoint.port, endpoint.port_with_offset(10), endpoint.broadcast_level) == (9091, 9101, 2)
    assert (endpoint.outflow_sequence, endpoint.outflow_fault_sequence) == ("out", "outFault")
    assert (endpoint.default_content_type, endpoint.dispatch_custom) == ("application/json", True)
    assert (endpoint.shutdown_code, endpoint.shutdown_reason) == (4000, "over")
    assert (endpoint.propagate_close, endpoint.inject_lifecycle) == (False, "none")
    assert endpoint.allowed_origins == ("https://a.example", "https://b.example")


def test_defaults():
    endpoint = compiled(xml(PORT, ("ws.client.side.broadcast.level", "")))
    assert (endpoint.broadcast_level, endpoint.suspended, endpoint.port_with_offset(10)) == (0, False, 9091)
    assert (endpoint.shutdown_code, endpoint.shutdown_reason) == (1001, "shutdown")
    assert (endpoint.propagate_close, endpoint.inject_lifecycle, endpoint.dispatch_custom) == (True, "all", False)


LEVELS = "ws.client.side.broadcast.level takes 0, 1 or 2"

MISTAKES = [
    (xml(), "Validation failed for the port parameter: inbound.ws.port takes a number from 1 to 65535"),
    (xml(("inbound.ws.port", "http")), "Validation failed for the port parameter http"),
    (xml(("inbound.ws.port", "70000")), "Validation failed for the port parameter 70000"),
    (xml(("inbound.ws.port", "-1")), "Validation failed for the port parameter -1"),
    (
        xml(PORT, ("ws.client.side.broadcast.level", "7")),
        f"Validation failed. Unknown client broadcast level. {LEVELS}",
    ),
    (
        xml(PORT, ("ws.client.side.broadcast.level", "-1")),
        f"Validation failed. Unknown client broadcast level. {LEVELS}",
    ),
    (
        xml(PORT, ("ws.client.side.broadcast.level", "x")),
        f"Validation failed. Broadcast level parameter should not contain any special characters: {LEVELS}",
    ),
    (xml(PORT, attributes='protocol="ws"'), "Inbound Endpoint name cannot be null"),
    (xml(PORT, attributes='name="t" protocol="wss"'), "keyStoreFile or keyStorePass not defined "),
    (xml(PORT, attributes='name="t" protocol="hl7"'), 'the inbound protocol "hl7" is kept, but cannot run'),
    (xml(PORT, attributes='name="t" protocol="wx"'), '<inboundEndpoint> protocol "wx" is not one of '),
    (
        xml(PORT, ("ws.pipeline.handler.class", "org.x.H")),
        "ws.pipeline.handler.class: the class org.x.H is neither a Python class that can be imported nor one of the",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes_have_the_texts_of_the_originals(text, message):
    compilation = compile_artifact(parse_xml(text))
    assert compilation.artifact is None
    assert next(f.message for f in compilation.errors + compilation.not_runnable).startswith(message)


def test_a_mistake_in_a_parameter_has_its_line():
    [finding] = compile_artifact(parse_xml(xml(PORT, ("ws.client.side.broadcast.level", "7")))).errors
    assert finding.line == 3


WARNINGS = [
    (("ws.port", "1"), 'parameter "ws.port" is not known; it is ignored'),
    (("ws.use.port.offset", "maybe"), 'parameter ws.use.port.offset "maybe" is not true or false; it counts as false'),
    (("ws.shutdown.status.code", "2000"), "Please specify a valid Integer for ws.shutdown.status.code"),
    (("ws.shutdown.status.code", "soon"), "Please specify a valid Integer for ws.shutdown.status.code"),
    (("ws.inject.lifecycle", "some"), 'parameter ws.inject.lifecycle "some" is not one of all, none; it counts as all'),
]


@pytest.mark.parametrize(("parameter", "message"), WARNINGS)
def test_what_is_ignored_is_a_warning(parameter, message):
    compilation = compile_artifact(parse_xml(xml(PORT, parameter)))
    assert compilation.artifact is not None
    assert next(f.message for f in compilation.warnings).startswith(message)


def test_thread_pools_have_no_effect_and_say_so():
    compilation = compile_artifact(parse_xml(xml(PORT, ("ws.boss.thread.pool.size", "4"))))
    assert [(f.severity, f.message) for f in compilation.findings] == [
        (
            "info",
            'parameter "ws.boss.thread.pool.size" is accepted, but has no effect: all connections share one event loop',
        )
    ]


def test_names_of_sequences_are_references():
    compilation = compile_artifact(parse_xml(xml(PORT, ("ws.outflow.dispatch.sequence", "out"))))
    assert {(r.kind, r.name) for r in compilation.references} == {
        ("sequence", "dispatchSeq"),
        ("sequence", "fault"),
        ("sequence", "out"),
    }
