"""``<wsdl>``: where the address comes from."""

import pytest

from mediation.errors import EndpointError, EndpointNotReady
from mediation.transports.http import HTTP
from tests.mediation.http_backend import free_port_url, http_backend

from .support import endpoint, message

WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">
    <w:service name="Other"><w:port name="Soap"><s:address location="http://wrong/"/></w:port></w:service>
    <w:service name="Stock"><w:port name="Bare"/><w:port name="Soap"><s:address location="{}"/></w:port></w:service>
</w:definitions>"""


@pytest.fixture
async def backend():
    async with http_backend() as backend:
        backend.answers(b"answered")
        yield backend
    await HTTP.aclose()


def wsdl(uri="", inline="", port="Soap"):
    where = f'uri="{uri}"' if uri else ""
    return endpoint(f'<wsdl {where} service="Stock" port="{port}">{inline}</wsdl>')


async def asked(target, ctx=None):
    return (await target.send(ctx or message())).payload.raw


async def test_inline(backend):
    assert await asked(wsdl(inline=WSDL.format(backend.url + "/stock"))) == b"answered"
    assert backend.seen[0].target == "/stock"


async def test_a_file_is_read_when_the_first_message_comes(backend, tmp_path):
    path = tmp_path / "stock.wsdl"
    target = wsdl(f"file:{path}")
    path.write_text(WSDL.format(backend.url))
    assert await asked(target) == b"answered"
    path.unlink()
    assert await asked(target) == b"answered"


async def test_a_local_entry(backend):
    ctx = message(f'<localEntry key="stock.wsdl">{WSDL.format(backend.url)}</localEntry>')
    assert await asked(wsdl("stock.wsdl"), ctx) == b"answered"


async def test_a_file_that_is_in_the_registry(backend):
    ctx = message(f'<localEntry key="samples/stock.wsdl">{WSDL.format(backend.url)}</localEntry>')
    assert await asked(wsdl("file:samples/stock.wsdl"), ctx) == b"answered"


async def test_a_document_behind_http(backend):
    async with http_backend() as documents:
        documents.answers(WSDL.format(backend.url).encode())
        target = wsdl(f"{documents.url}/stock?wsdl")
        assert await asked(target) == await asked(target) == b"answered"
        assert [seen.target for seen in documents.seen] == ["/stock?wsdl"]


UNUSABLE = [
    ("file:/nowhere/at/all.wsdl", "cannot be read: No such file or directory"),
    ("no-such-key", "the WSDL no-such-key is not there"),
    (free_port_url, "Connect|connect|refused"),
]


@pytest.mark.parametrize(("uri", "expected"), UNUSABLE)
async def test_a_document_that_is_not_there_suspends_the_endpoint(uri, expected):
    target = wsdl(uri() if callable(uri) else uri)
    with pytest.raises(EndpointError, match=expected):
        await asked(target)
    with pytest.raises(EndpointNotReady, match=r"Currently , WSDL endpoint : \[ Name : e \]") as refused:
        target.send(message())
    assert refused.value.code == 303002
    await HTTP.aclose()


@pytest.mark.parametrize("document", ["<a/>", "no XML", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
async def test_a_document_that_is_no_wsdl_says_nothing_of_its_content(tmp_path, document):
    path = tmp_path / "x"
    path.write_text(document)
    with pytest.raises(EndpointError, match=r"^the WSDL file:.* cannot be used: ") as failure:
        await asked(wsdl(f"file:{path}"))
    assert document not in str(failure.value)


@pytest.mark.parametrize("inner", ['<wsdl uri="x"/>', '<wsdl service="s" port="p"/>'])
def test_mistakes(inner):
    with pytest.raises(AssertionError, match="<wsdl> needs"):
        endpoint(inner)


def test_an_inline_document_without_that_port_is_a_mistake():
    with pytest.raises(AssertionError, match="it has no port Bare of a service Stock with an address"):
        wsdl(inline=WSDL.format("http://h/"), port="Bare")
