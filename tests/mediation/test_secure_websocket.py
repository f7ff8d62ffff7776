"""``wss`` inbound endpoints in a running server, and clients that are not ours."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets

from mediation.options import Options
from mediation.server import Server
from tests.certificates import identity
from tests.mediation.support import DictEnvironment, until

AUTHORITY = identity("authority", authority=True)
SERVER = identity("localhost", AUTHORITY)
ALICE = identity("alice", AUTHORITY)
MALLORY = identity("mallory")

ECHO = '<sequence name="main"><respond/></sequence>'
KEY = {"key.store.file": "server.p12", "key.store.pass": "secret"}
MUTUAL = {"trust.store.file": "authority.pem"}
WHO = """<sequence name="main"><payloadFactory media-type="text"><format>$1|$2</format><args>
    <arg expression="$ctx:websocket.client.certificate.subject"/>
    <arg expression="$axis2:websocket.client.certificate.issuer"/></args></payloadFactory><respond/></sequence>"""


@pytest.fixture(autouse=True)
def stores(tmp_path: Path) -> None:
    (tmp_path / "server.p12").write_bytes(SERVER.pkcs12("secret"))
    (tmp_path / "authority.pem").write_bytes(AUTHORITY.pem)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(Options(host="127.0.0.1", http_port=0, drain_seconds=5, store_dir=str(tmp_path)))
    yield server
    await server.drain()


def inbound(port: int, parameters: dict[str, str], protocol: str = "wss") -> str:
    tls = "".join(f'<parameter name="wss.ssl.{name}">{value}</parameter>' for name, value in parameters.items())
    return f"""<inboundEndpoint name="test" protocol="{protocol}" sequence="main"><parameters>
        <parameter name="inbound.ws.port">{port}</parameter>{tls}</parameters></inboundEndpoint>"""


def connect(port: int, context: ssl.SSLContext, host: str = "localhost"):
    return websockets.connect(f"wss://{host}:{port}/", ssl=context, open_timeout=5)


async def said(client: websockets.ClientConnection, message: str = "hi") -> str | bytes:
    await client.send(message)
    return await asyncio.wait_for(client.recv(), 5)


def serial(client: websockets.ClientConnection) -> int:
    """Of the certificate that the server showed."""
    return int(client.transport.get_extra_info("peercert")["serialNumber"], 16)


def trouble(server: Server) -> tuple[str, str]:
    [state] = server.status().ports
    return state.reason, state.trouble


class TestTls:
    async def test_round_trip(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))

        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            assert await said(client) == "hi"
            assert await said(client, "x" * 500_000) == "x" * 500_000
            assert client.transport.get_extra_info("ssl_object").version() == "TLSv1.3"

    async def test_the_chain_is_sent(self, server, free_port, tmp_path):
        between = identity("between", AUTHORITY, authority=True)
        leaf = identity("localhost", between)
        (tmp_path / "server.p12").write_bytes(leaf.pkcs12("secret"))
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))

        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            assert serial(client) == leaf.certificate.serial_number

    async def test_a_client_without_the_authority_hangs_up(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))

        with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
            await connect(port, ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
            await connect(port, AUTHORITY.client_context(tmp_path), "127.0.0.1")

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_versions_are_those_that_are_listed(self, server, free_port, tmp_path, version):
        name = version.name.replace("_", ".").replace("v1.", "v1.")
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, {**KEY, "protocols": name})))

        context = AUTHORITY.client_context(tmp_path)
        async with connect(port, context) as client:
            assert client.transport.get_extra_info("ssl_object").version() == name
        if version is ssl.TLSVersion.TLSv1_2:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        else:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await connect(port, context)

    @pytest.mark.filterwarnings("ignore:.*TLSv1:DeprecationWarning")
    async def test_older_versions_are_refused(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))
        context = AUTHORITY.client_context(tmp_path)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1

        with pytest.raises((ssl.SSLError, ConnectionError)):
            await connect(port, context)

    async def test_cipher_suites_are_those_that_are_listed(self, server, free_port, tmp_path):
        port = free_port()
        suites = {"cipher.suites": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY | suites)))

        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            cipher, version, _ = client.transport.get_extra_info("cipher")
            assert (cipher, version) == ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2")

    async def test_a_java_key_store(self, server, free_port):
        port = free_port()
        store = Path(__file__).parent / "transports/keystores/stores/key.jks"
        parameters = {"key.store.file": str(store), "key.store.pass": "wso2carbon", "cert.pass": "schlüssel"}
        await server.apply(DictEnvironment(ECHO, inbound(port, parameters)))

        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        async with connect(port, trusting) as client:
            assert await said(client) == "hi"


class TestClientCertificates:
    async def test_a_client_with_one_is_let_in_and_its_messages_name_it(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(WHO, inbound(port, KEY | MUTUAL)))

        async with connect(port, AUTHORITY.client_context(tmp_path, ALICE)) as client:
            assert await said(client) == "CN=alice|CN=authority"

    @pytest.mark.parametrize("shown", [None, MALLORY], ids=["none", "of a stranger"])
    async def test_a_client_without_one_is_not(self, server, free_port, tmp_path, shown):
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY | MUTUAL)))

        with pytest.raises((ssl.SSLError, ConnectionError, websockets.InvalidMessage)):
            await connect(port, AUTHORITY.client_context(tmp_path, shown))

    async def test_where_it_is_optional_a_client_may_have_none_but_not_a_wrong_one(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(WHO, inbound(port, {**KEY, **MUTUAL, "verify.client": "optional"})))

        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            assert await said(client) == "|"
        async with connect(port, AUTHORITY.client_context(tmp_path, ALICE)) as client:
            assert await said(client) == "CN=alice|CN=authority"
        with pytest.raises((ssl.SSLError, ConnectionError, websockets.InvalidMessage)):
            await connect(port, AUTHORITY.client_context(tmp_path, MALLORY))

    async def test_a_trust_store_may_hold_the_certificate_itself(self, server, free_port, tmp_path):
        (tmp_path / "authority.pem").write_bytes(ALICE.pem)
        port = free_port()
        await server.apply(DictEnvironment(WHO, inbound(port, KEY | MUTUAL)))

        async with connect(port, AUTHORITY.client_context(tmp_path, ALICE)) as client:
            assert await said(client) == "CN=alice|CN=authority"


class TestChanges:
    """Certificates are renewed under traffic: open connections stay, new ones get the new certificate."""

    async def test_a_renewed_file(self, server, free_port, tmp_path):
        port, context = free_port(), AUTHORITY.client_context(tmp_path)
        environment = DictEnvironment(ECHO, inbound(port, KEY))
        await server.apply(environment)
        renewed = identity("localhost", AUTHORITY)
        async with connect(port, context) as client:
            (tmp_path / "server.p12").write_bytes(renewed.pkcs12("secret"))
            await server.apply(environment)

            async with connect(port, context) as later:
                assert serial(client) == SERVER.certificate.serial_number
                assert serial(later) == renewed.certificate.serial_number
            assert await said(client) == "hi"

    async def test_another_key_store(self, server, free_port, tmp_path):
        port, context = free_port(), AUTHORITY.client_context(tmp_path)
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))
        other = identity("localhost", AUTHORITY)
        other.write_pem(tmp_path / "other.pem")
        async with connect(port, context) as client:
            await server.apply(DictEnvironment(ECHO, inbound(port, {"key.store.file": "other.pem"})))

            async with connect(port, context) as later:
                assert serial(later) == other.certificate.serial_number
            assert await said(client) == "hi"

    async def test_a_store_that_is_damaged_later_changes_nothing_but_the_state_of_the_port(
        self, server, free_port, tmp_path
    ):
        port, context = free_port(), AUTHORITY.client_context(tmp_path)
        environment = DictEnvironment(ECHO, inbound(port, KEY))
        await server.apply(environment)
        assert trouble(server) == ("", "")

        (tmp_path / "server.p12").write_bytes(b"half of a")
        await server.apply(environment)

        assert trouble(server) == (
            "",
            "KeyStore File server.p12 cannot be used: it is none of JKS, PKCS12, PEM; "
            "the certificate that was read before is still used",
        )
        async with connect(port, context) as client:
            assert serial(client) == SERVER.certificate.serial_number

        (tmp_path / "server.p12").write_bytes(SERVER.pkcs12("secret"))
        await server.apply(environment)
        assert trouble(server) == ("", "")

    async def test_files_are_looked_at_with_every_poll(self, server, free_port, tmp_path, monkeypatch):
        monkeypatch.setattr("mediation.monitoring.processes.Reporter.report", lambda *args: None)
        monkeypatch.setattr("mediation.monitoring.processes.Reporter.take_reset", lambda *args: False)
        port, context = free_port(), AUTHORITY.client_context(tmp_path)
        server.options = Options(host="127.0.0.1", http_port=0, poll_seconds=0.01, store_dir=str(tmp_path))
        await server.start(Once(DictEnvironment(ECHO, inbound(port, KEY))))
        renewed = identity("localhost", AUTHORITY)

        (tmp_path / "server.p12").write_bytes(renewed.pkcs12("secret"))

        async with asyncio.timeout(10):
            while True:
                async with connect(port, context) as client:
                    if serial(client) == renewed.certificate.serial_number:
                        break

    async def test_other_terms_for_clients_end_their_connections(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))
        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            await server.apply(DictEnvironment(ECHO, inbound(port, KEY | MUTUAL)))
            with pytest.raises(websockets.ConnectionClosed):
                await client.recv()
        assert (client.close_code, client.close_reason) == (1001, "shutdown")

        with pytest.raises((ssl.SSLError, ConnectionError, websockets.InvalidMessage)):
            await connect(port, AUTHORITY.client_context(tmp_path))

    async def test_from_plain_to_tls_and_back(self, server, free_port, tmp_path):
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, {}, "ws")))
        async with websockets.connect(f"ws://localhost:{port}/") as client:
            await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))
            with contextlib.suppress(websockets.ConnectionClosed):
                await client.recv()
            assert client.close_code == 1001
        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            assert await said(client) == "hi"
            await server.apply(DictEnvironment(ECHO, inbound(port, {}, "ws")))
        async with websockets.connect(f"ws://localhost:{port}/") as client:
            assert await said(client) == "hi"

    async def test_a_store_that_is_missing_at_first(self, server, free_port, tmp_path, monkeypatch):
        monkeypatch.setattr("mediation.listeners.ports.FIRST_RETRY", 0.01)
        (tmp_path / "server.p12").unlink()
        port = free_port()
        await server.apply(DictEnvironment(ECHO, inbound(port, KEY)))
        assert trouble(server)[0] == f"KeyStore File server.p12 not found: there is no {tmp_path}/server.p12"

        (tmp_path / "server.p12").write_bytes(SERVER.pkcs12("secret"))
        await until(lambda: trouble(server)[0] == "")

        async with connect(port, AUTHORITY.client_context(tmp_path)) as client:
            assert await said(client) == "hi"


class Once:
    """A source with one configuration."""

    def __init__(self, environment: DictEnvironment) -> None:
        self.environment = environment

    def is_current(self, environment: object) -> bool:
        return environment is self.environment

    def load(self, previous: object) -> DictEnvironment:
        return self.environment
