"""Endpoints that write files."""

import pytest

from mediation.compiler import compile_artifact
from mediation.endpoints import send_to_address
from mediation.errors import EndpointError, InvalidAddress
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from tests.mediation.mediators.support import message
from tests.mediation.support import compiled


def endpoint(uri: str):
    return compiled(f'<endpoint xmlns="{SYNAPSE_NS}" name="E"><address uri="{uri}"/></endpoint>')


def text(content: bytes = b"<a/>", name: str | None = None):
    ctx = message(content, "text/xml")
    if name is not None:
        ctx.headers.set("transport.vfs.ReplyFileName", name)
    return ctx


@pytest.mark.parametrize(
    ("name", "written"), [("a.xml", "a.xml"), (None, "response.xml"), ("../../b.xml", "b.xml"), ("/etc/c.xml", "c.xml")]
)
async def test_a_message_becomes_a_file_of_the_directory(tmp_path, name, written):
    directory = tmp_path / "out"
    assert await endpoint(f"vfs:{directory.as_uri()}").send(text(name=name)) is None
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == {written: b"<a/>"}


async def test_the_address_may_name_the_file(tmp_path):
    target = tmp_path / "all.txt"
    await endpoint(f"vfs:{target.as_uri()}").send(text(b"one"))
    await endpoint(f"vfs:{target.as_uri()}").send(text(b"two"))
    assert target.read_bytes() == b"two"
    await endpoint(f"vfs:{target.as_uri()}?transport.vfs.Append=true").send(text(b"three"))
    assert target.read_bytes() == b"twothree"


async def test_what_cannot_be_written_fails_the_message(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EndpointError, match="cannot be written"):
        await endpoint(f"vfs:{(tmp_path / 'file' / 'x').as_uri()}").send(text(name="a"))
    for name in ("..", "a\0b"):
        with pytest.raises(EndpointError, match="cannot be written"):
            await endpoint(f"vfs:{tmp_path.as_uri()}").send(text(name=name))


@pytest.mark.parametrize("address", ["vfs:file:///tmp/x", "file:///tmp/x"])
def test_a_message_does_not_say_where_files_are_written(address):
    ctx = text()
    ctx.to = address
    with pytest.raises(InvalidAddress, match="only endpoints whose address stands in the configuration write files"):
        send_to_address(ctx)


@pytest.mark.parametrize(
    ("uri", "mistake"),
    [
        ("vfs:file:///out/${name}", "an address of files that depends on the message is kept"),
        ("vfs:ftp://host/x", 'the transport "vfs" is kept'),
    ],
)
def test_addresses_that_do_not_run(uri, mistake):
    xml = f'<endpoint xmlns="{SYNAPSE_NS}" name="E"><address uri="{uri}"/></endpoint>'
    [finding] = compile_artifact(parse_xml(xml)).not_runnable
    assert finding.message.startswith(mistake)
