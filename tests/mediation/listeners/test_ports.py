import asyncio
import errno
import socket
from dataclasses import replace

import pytest

from mediation.listeners import ports
from mediation.listeners.ports import Ports, WantedPort


class Wire:
    """The far end: which ports the fake listeners hold, and what their clients were told."""

    def __init__(self):
        self.open: set[int] = set()
        self.goodbyes: list[tuple[int, int, str]] = []
        self.taken: dict[int, OSError] = {}
        self.attempts = 0

    def wanted(self, artifact: str, port: int, **more) -> WantedPort:
        async def open_port():
            self.attempts += 1
            if port in self.taken:
                raise self.taken[port]
            assert port not in self.open, "the one before must have freed it"
            self.open.add(port)
            return Held(self, port)

        return WantedPort(artifact, "ws", port, open=open_port, **more)


class Held:
    def __init__(self, wire: Wire, port: int):
        self.wire, self.port = wire, port
        self.connections = ["a client"]

    def close_accepting(self):
        self.wire.open.discard(self.port)

    async def close(self, code, reason, timeout):
        self.wire.goodbyes.append((self.port, code, reason))


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(ports, "FIRST_RETRY", 0.001)
    monkeypatch.setattr(ports, "LAST_RETRY", 0.001)


async def test_what_is_new_opens_and_what_is_gone_closes(wire):
    manager = Ports()

    await manager.reconcile([wire.wanted("a", 1), wire.wanted("b", 2)])
    await manager.reconcile([wire.wanted("b", 2), wire.wanted("c", 3)])
    await manager.close(1)

    assert wire.goodbyes == [(1, 1001, "shutdown"), (2, 1001, "shutdown"), (3, 1001, "shutdown")]
    assert wire.attempts == 3


async def test_a_changed_goodbye_closes_nothing_and_is_said_at_the_end(wire):
    manager = Ports()
    await manager.reconcile([wire.wanted("a", 1)])

    await manager.reconcile([wire.wanted("a", 1, close_code=4000, close_reason="moved")])
    assert wire.goodbyes == []

    await manager.close(1)
    assert wire.goodbyes == [(1, 4000, "moved")]


async def test_another_artifact_takes_over_a_port(wire):
    manager = Ports()
    await manager.reconcile([wire.wanted("a", 1)])

    await manager.reconcile([wire.wanted("b", 1)])

    assert [(state.artifact, state.reason) for state in manager.states()] == [("b", "")]
    assert wire.open == {1}
    await manager.close(1)


async def test_other_demands_on_clients_need_another_listener(wire):
    manager = Ports()
    await manager.reconcile([replace(wire.wanted("a", 1), security=(("trust store", "old"),))])
    await manager.reconcile([replace(wire.wanted("a", 1), security=(("trust store", "new"),))])

    assert wire.attempts == 2
    await manager.close(1)


async def test_an_open_port_tells_its_trouble_and_stays_open(wire):
    manager = Ports()
    troubles = ["", "the certificate is an old one"]
    await manager.reconcile([wire.wanted("a", 1, trouble=lambda: troubles[0])])
    assert [(state.reason, state.trouble) for state in manager.states()] == [("", "")]

    troubles.pop(0)

    assert [(state.reason, state.trouble) for state in manager.states()] == [("", "the certificate is an old one")]
    assert wire.open == {1}
    await manager.close(1)


async def test_a_port_that_cannot_be_opened_disturbs_no_other(wire):
    manager = Ports()
    wire.taken[1] = PermissionError(errno.EACCES, "Permission denied")

    await manager.reconcile([wire.wanted("a", 1), wire.wanted("b", 2)])

    reasons = {state.artifact: state.reason for state in manager.states()}
    assert reasons == {"a": "port 1 needs a privileged user; ports from 1024 on do not", "b": ""}
    await manager.close(1)


async def test_a_number_above_all_ports_disturbs_no_other():
    async def open_port():
        return await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 65536)

    manager = Ports()
    await manager.reconcile([WantedPort("a", "ws", 65536, open=open_port)])

    assert [state.reason for state in manager.states()] == [
        "port 65536 does not exist: ports end at 65535, and the port offset counts"
    ]
    await manager.close(1)


async def test_a_faulty_port_is_tried_until_it_opens(wire):
    opened = asyncio.Event()
    manager = Ports(changed=opened.set)
    wire.taken[1] = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    await manager.reconcile([wire.wanted("a", 1)])

    wire.taken.clear()
    await asyncio.wait_for(opened.wait(), 5)

    assert [state.reason for state in manager.states()] == [""]
    await manager.close(1)


async def test_a_faulty_port_that_is_no_longer_wanted_is_not_tried(wire, monkeypatch):
    monkeypatch.setattr(ports, "FIRST_RETRY", 3600)
    manager = Ports()
    wire.taken[1] = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    await manager.reconcile([wire.wanted("a", 1)])

    await manager.reconcile([])
    await asyncio.sleep(0)

    assert manager.states() == ()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_holder_of_a_taken_port_is_named(wire):
    manager = Ports()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        wire.taken[port] = OSError(errno.EADDRINUSE, "Address already in use")

        await manager.reconcile([wire.wanted("a", port)])

    [state] = manager.states()
    assert state.reason.startswith(f"port {port} is in use by process ")
    await manager.close(1)


async def test_nothing_opens_after_the_end(wire):
    manager = Ports()
    manager.close_accepting()

    await manager.reconcile([wire.wanted("a", 1)])

    assert wire.open == set()
