"""Fakes that tests of the engine share: an environment made of texts, a client that keeps what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from mediation.compiler import compile_artifact
from mediation.conversation_parameters import ConversationParameters
from mediation.defaults import default_sequence
from mediation.headers import Headers
from mediation.inbound_endpoint import InboundEndpoint
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.runtime import Runtime
from mediation.session import Session


def compiled(xml: str) -> Any:
    """The artifact of that XML; fails the test if it has mistakes."""
    compilation = compile_artifact(parse_xml(xml))
    assert compilation.artifact is not None, [str(finding) for finding in compilation.findings]
    return compilation.artifact


class DictEnvironment:
    """
    An environment of sequences by name, given as the mediators inside them.

    ::

        DictEnvironment(main='<sequence key="nowhere"/>', fault="<respond/>")

    Other artifacts are given whole, in ``artifacts``.
    """

    def __init__(
        self, *artifacts: str, transports: Mapping[str, Mapping[str, str]] | None = None, **sequences: str
    ) -> None:
        self.generation = 1
        self._transports = transports or {}
        self._artifacts: dict[tuple[str, str], Any] = {}
        for xml in artifacts:
            self.deploy(xml)
        for name, mediators in sequences.items():
            self.deploy(f'<sequence xmlns="{SYNAPSE_NS}" name="{name}">{mediators}</sequence>')

    def deploy(self, xml: str) -> Any:
        compilation = compile_artifact(parse_xml(xml))
        assert compilation.artifact is not None, [str(finding) for finding in compilation.findings]
        self._artifacts[compilation.kind, compilation.name] = compilation.artifact
        return compilation.artifact

    def sequence(self, name: str) -> Any:
        return self._artifacts.get(("sequence", name)) or default_sequence(name)

    def endpoint(self, name: str) -> Any:
        return self._artifacts.get(("endpoint", name))

    def local_entry(self, key: str) -> Any:
        return self._artifacts.get(("localEntry", key))

    def proxy_service(self, name: str) -> Any:
        return self._artifacts.get(("proxy", name))

    def inbound_endpoint(self, name: str) -> Any:
        return self._artifacts.get(("inboundEndpoint", name))

    def inbound_endpoints(self) -> dict[str, InboundEndpoint]:
        return {
            name: found
            for name, found in self.deployed("inboundEndpoint").items()
            if isinstance(found, InboundEndpoint)
        }

    def deployed(self, kind: str) -> dict[str, Any]:
        return {name: found for (each, name), found in self._artifacts.items() if each == kind}

    def transport_parameters(self, scheme: str) -> Mapping[str, str]:
        return self._transports.get(scheme, {})


class RecordingConnection:
    """A client's connection that keeps what it is told."""

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.control_frames: list[tuple[str, bytes]] = []
        self.close_frame: tuple[int | None, str] | None = None
        self.closed = False
        self.writable = True
        self.reading = True

    def send(self, frame: str | bytes) -> None:
        if not self.closed:
            self.frames.append(frame)

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        if not self.closed:
            self.closed = True
            self.close_frame = (code, reason)

    def ping(self, payload: bytes = b"") -> None:
        self.control_frames.append(("ping", payload))

    def pong(self, payload: bytes = b"") -> None:
        self.control_frames.append(("pong", payload))

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def inbound(**settings: Any) -> InboundEndpoint:
    """
    An inbound endpoint named ``test`` that dispatches to ``main`` unless told otherwise.

    Args:
        settings: its fields; those of its conversations in a dict named ``conversation``.
    """
    values: dict[str, Any] = {"sequence": "main", "on_error": "fault", "suspended": False, "port": 9091}
    conversation = ConversationParameters(**settings.pop("conversation", {}))
    return InboundEndpoint(**({"name": "test", "protocol": "ws"} | values | settings), conversation=conversation)


class RecordingSession(Session):
    """A session whose client keeps its frames in :attr:`replies`."""

    def __init__(
        self,
        env: DictEnvironment,
        *,
        runtime: Runtime | None = None,
        target: str = "/",
        subprotocol: str | None = None,
        **settings: Any,
    ) -> None:
        self.connection = RecordingConnection()
        self.endpoint = inbound(**settings)
        env._artifacts["inboundEndpoint", "test"] = self.endpoint
        self.messages: list[MessageContext] = []
        super().__init__(
            runtime or Runtime(env),
            self.endpoint,
            self.connection,
            target=target,
            url=f"ws://localhost:9091{target}",
            subprotocol=subprotocol,
        )
        new = self._messages.new

        def recorded(*args: Any) -> MessageContext:
            self.messages.append(new(*args))
            return self.messages[-1]

        self._messages.new = recorded  # type: ignore[method-assign]

    @property
    def replies(self) -> list[str | bytes]:
        return self.connection.frames

    async def settled(self) -> None:
        """Wait until everything that came has been dealt with."""
        await asyncio.wait_for(self.finished(), 10)

    async def send(self, frame: str | bytes) -> MessageContext:
        """Receive a frame and wait until it has been dealt with; the message that it became."""
        self.received(frame)
        ctx = self.messages[-1]
        await self.settled()
        return ctx


def headers(**values: str) -> Headers:
    return Headers((name.replace("_", "-"), value) for name, value in values.items())


async def until(condition: Callable[[], Any]) -> None:
    """Wait until the condition is true; a failure after ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (whatever changes it knows nothing of us)
            await asyncio.sleep(0.001)
