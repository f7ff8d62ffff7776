"""
What mediation costs per message: the classic scenarios of ESB benchmarks, without the network.

::

    python -m benchmarks.mediation                       # table on standard output
    python -m benchmarks.mediation --sizes 500 1024 --rounds 9 --json result.json

Each scenario is a compiled sequence that ends in a ``<send>`` to a back-end that writes the message as it would leave,
and drops it. All scenarios of a size run in turns, in one process; what counts is the difference to the direct proxy.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import time
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esbsite.settings")

import django

django.setup()

from mediation import flow, transports
from mediation.compiler import compile_artifact
from mediation.defaults import default_sequence
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import parse_xml
from mediation.transports import SendOptions, http_message

SYNAPSE = "http://ws.apache.org/ns/synapse"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SEND = '<send><endpoint><address uri="http://back-end/"/></endpoint></send>'
OTHER = '<send><endpoint><address uri="http://other/"/></endpoint></send>'
ITEM = "<m:item><m:symbol>IBM</m:symbol><m:price>82.5</m:price></m:item>"

STYLESHEET = """
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:m">
    <xsl:template match="m:order"><m:placed><xsl:copy-of select="m:symbol"/>
        <xsl:for-each select="m:item"><m:line><xsl:value-of select="m:symbol"/></m:line></xsl:for-each></m:placed>
    </xsl:template>
</xsl:stylesheet>
"""


def route(source: str) -> str:
    return (
        f'<filter source="{source}" regex="IBM" xmlns:m="urn:m" xmlns:soapenv="{SOAP}">'
        f"<then>{SEND}</then><else>{OTHER}</else></filter>"
    )


SCENARIOS: Mapping[str, tuple[str, str]] = {
    "direct proxy": ("soap", SEND),
    "routing on the SOAP body": ("soap", route("//m:order/m:symbol")),
    "routing on a SOAP header": ("soap", route("$header/m:route")),
    "routing on an HTTP header": ("soap", route("$trp:X-Route")),
    "XSLT": ("soap", '<xslt key="stylesheet"/>' + SEND),
    "direct proxy, JSON": ("json", SEND),
    "routing on JSON": ("json", route("json-eval($.order.symbol)")),
    "JSON to SOAP": (
        "json",
        f"""<payloadFactory media-type="xml"><format><soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Body>
        <m:order xmlns:m="urn:m"><m:symbol>$1</m:symbol></m:order></soapenv:Body></soapenv:Envelope></format>
        <args><arg evaluator="json" expression="$.order.symbol"/></args></payloadFactory>
        <property name="messageType" value="text/xml" scope="axis2"/>"""
        + SEND,
    ),
}
"""Name: the kind of message, and the sequence."""

BASELINES = {"soap": "direct proxy", "json": "direct proxy, JSON"}


class Sink:
    """A back-end that writes what it is sent, and drops it."""

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> None:
        http_message.content(ctx)


class Configuration:
    """The environment of one sequence and the stylesheet."""

    generation = 1

    def __init__(self, mediators: str) -> None:
        self._sequence = _compiled(f'<sequence xmlns="{SYNAPSE}" name="main">{mediators}</sequence>')
        self._entry = _compiled(f'<localEntry xmlns="{SYNAPSE}" key="stylesheet">{STYLESHEET}</localEntry>')

    def sequence(self, name: str) -> Any:
        return self._sequence if name == "main" else default_sequence(name)

    def local_entry(self, key: str) -> Any:
        return self._entry

    def transport_parameters(self, scheme: str) -> Mapping[str, str]:
        return {}


def _compiled(xml: str) -> Any:
    compilation = compile_artifact(parse_xml(xml))
    if compilation.artifact is None:
        raise SystemExit("; ".join(str(finding) for finding in compilation.findings))
    return compilation.artifact


def message(kind: str, size: int) -> tuple[bytes, str]:
    """A body of about ``size`` bytes."""
    if kind == "json":
        item = {"symbol": "IBM", "price": 82.5}
        count = max(0, (size - 60) // (len(json.dumps(item)) + 2))
        return json.dumps({"order": {"symbol": "IBM", "items": [item] * count}}).encode(), "application/json"
    root = f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:m="urn:m">'
    head = f"{root}<soapenv:Header><m:route>IBM</m:route></soapenv:Header>"
    start, end = "<soapenv:Body><m:order><m:symbol>IBM</m:symbol>", "</m:order></soapenv:Body></soapenv:Envelope>"
    count = max(0, (size - len(head + start + end)) // len(ITEM))
    return (head + start + ITEM * count + end).encode(), "text/xml"


@dataclass(frozen=True)
class Measurement:
    """Microseconds of processor time for one message, the median of the rounds."""

    scenario: str
    size: int
    microseconds: float
    above_direct: float


class Runner:
    """One scenario at one size."""

    def __init__(self, kind: str, mediators: str, size: int) -> None:
        self._environment: Any = Configuration(mediators)
        self._steps = self._environment.sequence("main")
        self._body, self._content_type = message(kind, size)

    def once(self) -> bool | Awaitable[bool]:
        ctx = MessageContext(
            self._environment,
            Payload(self._body, self._content_type),
            default={"OUT_ONLY": "true"},
            axis2={"messageType": self._content_type, "ContentType": self._content_type},
            headers=Headers([("Content-Type", self._content_type), ("X-Route", "IBM"), ("SOAPAction", '"urn:x"')]),
        )
        return flow.run_leg(self._steps.mediate, ctx, _FAIL)

    async def microseconds(self, seconds: float) -> float:
        count, end = 0, time.perf_counter() + seconds
        start = time.process_time()
        started = time.perf_counter()
        while time.perf_counter() < end:
            for _ in range(20):
                outcome = self.once()
                if not isinstance(outcome, bool):
                    await outcome
            count += 20
        # What waits for other processes costs them, too: wall time is the larger then.
        return max(time.process_time() - start, time.perf_counter() - started if count < 1000 else 0) / count * 1e6


class _Fail:
    def mediate(self, ctx: MessageContext) -> bool:
        raise SystemExit(f"a message failed: {ctx.get('ERROR_MESSAGE')}")


_FAIL = _Fail()


async def measure(sizes: list[int], rounds: int, seconds: float) -> list[Measurement]:
    results = []
    for size in sizes:
        runners = {name: Runner(kind, mediators, size) for name, (kind, mediators) in SCENARIOS.items()}
        taken: dict[str, list[float]] = {name: [] for name in runners}
        for runner in runners.values():
            await runner.microseconds(seconds / 4)
        for _ in range(rounds):
            for name, runner in runners.items():
                gc.collect()
                taken[name].append(await runner.microseconds(seconds))
        medians = {name: statistics.median(values) for name, values in taken.items()}
        for name, (kind, _) in SCENARIOS.items():
            results.append(Measurement(name, size, medians[name], medians[name] - medians[BASELINES[kind]]))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 1024, 10_240, 102_400], metavar="BYTES")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--seconds", type=float, default=0.3, metavar="S", help="of each measurement")
    parser.add_argument("--json", metavar="FILE", help="also write every result to this file")
    arguments = parser.parse_args()
    transports.TRANSPORTS["http"] = Sink()
    results = asyncio.run(measure(arguments.sizes, arguments.rounds, arguments.seconds))
    print(f"{'size':>7}  {'scenario':<28}{'us per message':>15}{'above direct':>14}")
    for each in results:
        print(f"{each.size:>7}  {each.scenario:<28}{each.microseconds:>15.1f}{each.above_direct:>14.1f}")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump([asdict(each) for each in results], file, indent=1)


if __name__ == "__main__":
    main()
