"""HTTP inbound endpoints with real sockets."""

import contextlib

import aiohttp
import pytest

from mediation.compiler import compile_artifact
from mediation.options import Options
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.server import Server
from tests.certificates import identity
from tests.mediation.http_backend import http_backend
from tests.mediation.support import DictEnvironment, compiled
from tests.mediation.test_server import Once, no_rows, refused  # noqa: F401

ECHO = '<sequence name="echo"><respond/></sequence>'
NAMES = """<sequence name="names"><payloadFactory media-type="text"><format>$1 $2</format><args>
    <arg expression="get-property('inbound.endpoint.name')"/><arg expression="get-property('isInbound')"/>
    </args></payloadFactory><respond/></sequence>"""
API = """<api name="A" context="/a"{bound}><resource methods="GET"><inSequence>
    <payloadFactory media-type="text"><format>from the API</format><args/></payloadFactory><respond/></inSequence>
    </resource></api>"""
PROXY = """<proxy name="P"><target><inSequence><payloadFactory media-type="text"><format>from the proxy</format>
    <args/></payloadFactory><respond/></inSequence></target><parameter name="inbound.only">true</parameter></proxy>"""


def inbound(port: int | str, more: str = "", sequence: str = "echo", protocol: str = "http", name: str = "door") -> str:
    return f"""<inboundEndpoint xmlns="{SYNAPSE_NS}" name="{name}" protocol="{protocol}" sequence="{sequence}"
        onError="fault" suspend="false"><parameters><parameter name="inbound.http.port">{port}</parameter>{more}
        </parameters></inboundEndpoint>"""


def pattern(text: str) -> str:
    return f'<parameter name="dispatch.filter.pattern">{text}</parameter>'


@contextlib.asynccontextmanager
async def served(*artifacts: str, **options: str):
    server = Server(Options(host="127.0.0.1", http_port=0, drain_seconds=5, **options))
    await server.start(Once(DictEnvironment(*artifacts)))
    try:
        yield server
    finally:
        await server.drain()


async def ask(port: int, path: str = "/", **options) -> tuple[int, str]:
    method = "POST" if "data" in options else "GET"
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"http://127.0.0.1:{port}{path}", **options) as answer,
    ):
        return answer.status, await answer.text()


async def test_the_sequence_answers_at_every_path(free_port):
    port = free_port()
    async with served(ECHO, inbound(port)):
        for path in ("/", "/services/Anything", "/x/y?z=1"):
            assert await ask(port, path, data="<a/>", headers={"Content-Type": "text/xml"}) == (200, "<a/>")
    assert await refused(port)


async def test_messages_know_the_endpoint(free_port):
    port = free_port()
    async with served(NAMES, inbound(port, sequence="names")):
        assert (await ask(port))[1] == "door true"


@pytest.mark.parametrize(
    ("path", "text"),
    [("/a", "from the API"), ("/services/P", "from the proxy"), ("/services/Q", "door true"), ("/b", "door true")],
)
async def test_what_the_pattern_matches_goes_to_apis_and_proxy_services(free_port, path, text):
    port = free_port()
    async with served(NAMES, API.format(bound=""), PROXY, inbound(port, pattern("/(a|services).*"), "names")):
        assert (await ask(port, path))[1] == text


async def test_without_a_pattern_only_apis_that_are_bound_to_it_take_requests(free_port):
    port, other = free_port(), free_port()
    bound = API.format(bound=' binds-to="door"')
    async with served(NAMES, bound, inbound(port, sequence="names"), inbound(other, sequence="names", name="other")):
        assert (await ask(port, "/a"))[1] == "from the API"
        assert (await ask(other, "/a"))[1] == "other true"


async def test_an_answer_to_a_send_reaches_the_client(free_port):
    port = free_port()
    async with http_backend() as back_end:
        send = f"""<sequence name="go"><send><endpoint><http method="post" uri-template="{back_end.url}"/></endpoint>
            </send></sequence>"""
        headers = {"Content-Type": "text/plain"}
        async with served(send, inbound(port, sequence="go")):
            assert await ask(port, data="ping", headers=headers) == (200, "ping")


async def test_a_changed_sequence_needs_no_new_port(free_port):
    port = free_port()
    async with served(ECHO, NAMES, inbound(port)) as server:
        await server.apply(DictEnvironment(ECHO, NAMES, inbound(port, sequence="names")))
        assert (await ask(port))[1] == "door true"


@pytest.mark.parametrize("port", ["", "http", "0", "70000"])
def test_a_port_is_a_number(port):
    [finding] = compile_artifact(parse_xml(inbound(port))).errors
    assert finding.message.startswith(f"Validation failed for the port parameter {port}".rstrip())


def test_thread_pools_are_accepted_without_effect():
    xml = inbound(8081, '<parameter name="inbound.worker.pool.size.core">400</parameter>')
    assert [str(finding.severity) for finding in compile_artifact(parse_xml(xml)).findings] == ["info"]


KEYSTORE = """<parameter name="keystore"><KeyStore><Location>keys.jks</Location><Type>JKS</Type>
    <Password>secret</Password><KeyPassword>other</KeyPassword></KeyStore></parameter>"""


def test_https_is_made_of_the_key_store_in_the_xml():
    tls = compiled(inbound(8081, KEYSTORE, protocol="https")).tls
    assert (tls.key_store_file, tls.key_store_type, tls.key_password) == ("keys.jks", "JKS", "other")
    assert tls.trust_store is None


def test_clients_are_verified_where_the_endpoint_says_so():
    more = f"""{KEYSTORE}<parameter name="truststore"><TrustStore><Location>trust.jks</Location><Type>JKS</Type>
        <Password>s</Password></TrustStore></parameter><parameter name="SSLVerifyClient">require</parameter>"""
    assert compiled(inbound(8081, more, protocol="https")).tls.trust_store.file == "trust.jks"


def test_https_needs_a_key_store():
    [finding] = compile_artifact(parse_xml(inbound(8081, protocol="https"))).errors
    assert finding.message.startswith("keyStoreFile or keyStorePass not defined")


def test_the_other_http_listener_of_the_originals_is_this_one():
    other = inbound(5055).replace("inbound.http.port", "port")
    found = compiled(other.replace('protocol="http"', 'protocol="httpws"'))
    assert (found.protocol, found.port) == ("http", 5055)
    secure = other.replace('protocol="http"', 'protocol="httpswss"').replace("<parameters>", f"<parameters>{KEYSTORE}")
    assert compiled(secure).protocol == "https"


async def test_https_shows_the_certificate_of_the_key_store(free_port, tmp_path):
    port = free_port()
    authority = identity("authority", authority=True)
    server = identity("localhost", authority)
    (tmp_path / "keys.p12").write_bytes(server.pkcs12("secret"))
    store = """<parameter name="keystore"><KeyStore><Location>keys.p12</Location><Type>PKCS12</Type>
        <Password>secret</Password></KeyStore></parameter>"""
    trusting = authority.client_context(tmp_path)
    async with (
        served(ECHO, inbound(port, store, protocol="https"), store_dir=str(tmp_path)),
        aiohttp.ClientSession() as client,
        client.post(f"https://localhost:{port}/", data=b"<a/>", ssl=trusting) as answer,
    ):
        assert await answer.read() == b"<a/>"
