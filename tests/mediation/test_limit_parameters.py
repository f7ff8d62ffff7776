from __future__ import annotations

import re
from pathlib import Path

import pytest

from mediation.compiler import compile_artifact
from mediation.limit_parameters import (
    BackendConnectionParameters,
    ClientConnectionParameters,
    ConnectionParameters,
    server_limits,
)
from mediation.options import Options
from mediation.parameters import declared_parameters
from mediation.payloads.xml import parse_xml
from mediation.transports.websocket import Deflate, Limits
from tests.mediation.support import compiled

ROOT = Path(__file__).parents[2]


def endpoint(**parameters: object) -> str:
    given = "".join(f'<parameter name="{name}">{value}</parameter>' for name, value in parameters.items())
    return (
        '<inboundEndpoint xmlns="http://ws.apache.org/ns/synapse" name="test" protocol="ws"><parameters>'
        f'<parameter name="inbound.ws.port">9091</parameter>{given}</parameters></inboundEndpoint>'
    )


def test_what_is_not_said_stays_as_the_server_has_it() -> None:
    limits = server_limits(Options(ping_seconds=7, max_message_bytes=5, deflate=True))

    assert compiled(endpoint()).limits.applied(limits) == limits
    assert BackendConnectionParameters().applied(limits) == limits
    assert server_limits(Options()) == Limits(ping_interval=20.0)


def test_each_parameter_changes_its_limit() -> None:
    limits = compiled(
        endpoint(
            **{
                "ws.max.message.size": 100,
                "ws.max.frame.size": 10,
                "ws.message.timeout": 1.5,
                "ws.ping.interval": 0,
                "ws.pong.timeout": 3,
                "ws.dispatch.idleTime": 60,
                "ws.handshake.timeout": 2,
                "ws.deflate": "true",
                "ws.deflate.context.takeover": "false",
                "ws.deflate.window.bits": 15,
                "ws.deflate.min.size": 0,
            }
        )
    ).limits.applied(Limits())

    assert limits == Limits(
        max_message=100,
        max_frame=10,
        message_timeout=1.5,
        ping_interval=0,
        pong_timeout=3,
        idle_timeout=60,
        head_timeout=2,
        accept_timeout=2,
        deflate=Deflate(context_takeover=False, window_bits=15, min_size=0),
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ws.dispatch.idleTime", "soon", 'parameter ws.dispatch.idleTime "soon" is not a number of seconds'),
        ("ws.max.connections", "-1", 'parameter ws.max.connections "-1" is not a whole number of at least 0'),
        ("ws.queue.policy", "hope", 'parameter ws.queue.policy "hope" is not one of wait, drop, close'),
        ("ws.deflate.window.bits", "8", 'parameter ws.deflate.window.bits "8" is not a whole number from 9 to 15'),
    ],
)
def test_a_wrong_value_is_a_mistake_of_the_artifact(name: str, value: str, message: str) -> None:
    findings = compile_artifact(parse_xml(endpoint(**{name: value}))).findings

    assert any(message in str(finding) for finding in findings), findings


@pytest.mark.parametrize(
    ("section", "cls"),
    [("### Of both legs", ConnectionParameters), ("### Of clients", ClientConnectionParameters)],
)
def test_each_parameter_is_documented_with_the_servers_default(section: str, cls: type) -> None:
    text = (ROOT / "docs" / "websocket.md").read_text().partition(f"{section}\n")[2].partition("\n### ")[0]
    documented = dict(re.findall(r"^\| `(ws\.[\w.]+)` \|[^|]*\| ([^|]*) \|", text, re.MULTILINE))

    inherited = set(declared_parameters(ConnectionParameters)) if cls is not ConnectionParameters else set()
    declared = {parameter.name: parameter for _, parameter in set(declared_parameters(cls)) - inherited}
    assert documented.keys() == declared.keys()
    for name, default in documented.items():
        assert (
            re.findall(r"ESB_\w+", declared[name].values) == re.findall(r"ESB_\w+", default)[:1] or "sender" in default
        )
