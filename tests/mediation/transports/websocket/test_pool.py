"""Connections to back-ends of one owner: how they are opened, shared, tried again and given up."""

import asyncio
import gc

import pytest
import websockets

from mediation.errors import ConnectionFailed, InvalidHandshakeResponse
from mediation.transports.websocket.opening import NO_OFFER, Offer, Opening
from mediation.transports.websocket.parameters import SenderParameters
from mediation.transports.websocket.pool import BackendPool, Retry
from tests.mediation.support import until


class Owner:
    """Keeps what its back-ends tell."""

    passes_control_frames = False

    def __init__(self):
        self.opened = []
        self.frames = asyncio.Queue()
        self.ends = asyncio.Queue()

    def backend_opened(self, backend):
        self.opened.append(backend)

    def backend_received(self, backend, frame):
        self.frames.put_nowait(frame)

    def backend_lost(self, backend, code, reason):
        self.ends.put_nowait((code, reason))


class Server:
    """A back-end that can be switched off and on again."""

    def __init__(self):
        self.received = asyncio.Queue()
        self.attempts = 0
        self.refusals = []
        self.uri = ""
        self._server = None

    async def start(self, port=0):
        self._server = await websockets.serve(self._serve, "127.0.0.1", port, process_request=self._check)
        port = self._server.sockets[0].getsockname()[1]
        self.uri = f"ws://127.0.0.1:{port}/"

    async def stop(self):
        self._server.close()
        await self._server.wait_closed()

    def _check(self, connection, request):
        self.attempts += 1
        return connection.respond(self.refusals.pop(), "not now") if self.refusals else None

    async def _serve(self, connection):
        async for frame in connection:
            self.received.put_nowait(frame)

    async def next(self):
        return await asyncio.wait_for(self.received.get(), 10)


@pytest.fixture
async def server():
    server = Server()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def pool():
    owner = Owner()
    pool = BackendPool(owner, exact=False)
    pool.owner = owner
    yield pool
    pool.close()


def opening(offer=NO_OFFER, headers=(), **parameters):
    return Opening(offer, {}, headers, SenderParameters(**parameters))


async def test_messages_that_ask_at_the_same_time_get_the_same_connection(server, pool):
    one, two = await asyncio.gather(*(pool.open(server.uri, opening()) for _ in range(2)))
    assert one is two is pool.get(server.uri, NO_OFFER)
    assert server.attempts == 1


async def test_a_server_error_is_tried_again(server, pool):
    server.refusals = [503, 500]
    pool.retry = Retry(attempts=2, delay=0.01)
    await pool.open(server.uri, opening())
    assert server.attempts == 3


async def test_the_last_failure_is_told_when_the_attempts_are_over(server, pool):
    server.refusals = [503, 502, 500]
    pool.retry = Retry(attempts=2, delay=0.01)
    with pytest.raises(InvalidHandshakeResponse, match="503"):
        await pool.open(server.uri, opening())
    assert server.attempts == 3


async def test_a_refusal_that_is_meant_is_not_tried_again(server, pool):
    server.refusals = [403]
    pool.retry = Retry(attempts=5, delay=0.01)
    with pytest.raises(InvalidHandshakeResponse, match="403"):
        await pool.open(server.uri, opening())
    assert server.attempts == 1


async def test_who_gives_up_is_told_of_the_last_failure_at_once(pool):
    pool.retry = Retry(attempts=5, delay=3600, max_delay=3600)
    waiting = asyncio.create_task(pool.open("ws://127.0.0.1:1/", opening()))
    await asyncio.sleep(0)
    pool.give_up()
    with pytest.raises(ConnectionFailed, match="Connection refused"):
        await asyncio.wait_for(waiting, 10)


async def test_a_pool_that_closes_leaves_nobody_waiting(pool):
    pool.retry = Retry(attempts=5, delay=3600)
    waiting = asyncio.create_task(pool.open("ws://127.0.0.1:1/", opening()))
    await asyncio.sleep(0)
    pool.close()
    with pytest.raises(ConnectionFailed, match="not needed any more"):
        await asyncio.wait_for(waiting, 10)


async def test_a_connection_knows_whether_it_is_the_first_one(server, pool):
    first = await pool.open(server.uri, opening())
    first.close()
    await until(lambda: not first.usable)
    second = await pool.open(server.uri, opening())
    assert (first.again, second.again) == (False, True)


async def test_opening_messages_go_before_all_others(server, pool):
    backend = await pool.open(server.uri, opening(opening_messages=("login", "subscribe")))
    backend.send("message")
    assert [await server.next() for _ in range(3)] == ["login", "subscribe", "message"]


async def test_the_heartbeat_message_is_sent_again_and_again(server, pool):
    backend = await pool.open(server.uri, opening(heartbeat_message="alive", heartbeat_interval=0.01))
    assert [await server.next() for _ in range(3)] == ["alive"] * 3
    backend.close()


async def test_a_back_end_that_is_silent_in_the_handshake_is_given_up(pool):
    silent = await asyncio.start_server(lambda reader, writer: reader.read(), "127.0.0.1", 0)
    uri = f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    with pytest.raises(ConnectionFailed, match=r"No answer to the WebSocket handshake within 0\.05 s"):
        await pool.open(uri, opening(handshake_timeout=0.05))
    silent.close()


OFFERS = [
    (Offer(("a",)), NO_OFFER, True),
    (Offer(("a",)), Offer(("a",), required=False), True),
    (Offer(("a", "b"), required=False), Offer(("b",)), False),
    (NO_OFFER, Offer(("a",)), False),
]


@pytest.mark.parametrize(("opened_with", "asked", "shared"), OFFERS)
async def test_whose_offer_fits_shares_the_connection(pool, opened_with, asked, shared):
    async def serve(connection):
        await connection.wait_closed()

    def choose(connection, offered):
        return offered[0] if offered else None

    async with websockets.serve(serve, "127.0.0.1", 0, select_subprotocol=choose) as server:
        uri = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        backend = await pool.open(uri, opening(opened_with))
        assert (pool.get(uri, asked) is backend) is shared
        backend.close()


async def test_http_callers_share_only_what_was_opened_alike(server):
    pool = BackendPool(Owner(), exact=True)
    await pool.open(server.uri, opening(Offer(("a",), required=False)))
    assert pool.get(server.uri, NO_OFFER) is None
    pool.close()


async def test_a_connection_that_nobody_needs_any_more_leaves_no_complaint(pool, caplog):
    accepted = asyncio.Event()

    async def silent(reader, writer):
        accepted.set()
        await reader.read()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    waiting = asyncio.create_task(pool.open(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", opening()))
    await accepted.wait()
    pool.close()
    with pytest.raises(ConnectionFailed):
        await waiting
    await asyncio.sleep(0)
    gc.collect()
    assert caplog.records == []
    server.close()
