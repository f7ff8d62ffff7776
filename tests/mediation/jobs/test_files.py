"""Files as messages: each one is dealt with, none is lost."""

import os
import time
from pathlib import Path

import pytest

from mediation import file_system
from mediation.compiler import compile_artifact
from mediation.jobs.files import FileJob
from mediation.jobs.reconciler import _poller, _proxy_files
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.stores import thaw
from mediation.stores.queues import QUEUES
from tests.mediation.jobs.support import at_work, runtime, store
from tests.mediation.support import until

KEEP = '<store messageStore="S"/>'


def inbound(directory: Path, sequence: str = "go", **parameters: object) -> str:
    settings = {"FileURI": directory.as_uri()} | parameters
    texts = "".join(f'<parameter name="transport.vfs.{name}">{value}</parameter>' for name, value in settings.items())
    return f"""<inboundEndpoint xmlns="{SYNAPSE_NS}" name="F" protocol="file" sequence="{sequence}" onError="failed">
        <parameters><parameter name="interval">5</parameter>{texts}</parameters></inboundEndpoint>"""


def job(directory: Path, sequence: str = KEEP, **parameters: object) -> FileJob:
    engine = runtime(inbound(directory, **parameters), store(), go=sequence, failed='<log level="custom"/>')
    return _poller(engine.environment.deployed("inboundEndpoint")["F"], engine)


def put(directory: Path, name: str, content: bytes = b"<a/>", *, age: float = 10) -> Path:
    path = directory / name
    path.write_bytes(content)
    past = time.time() - age
    os.utime(path, (past, past))
    return path


async def messages() -> list:
    return [thaw(each.record, None, None) for each in await QUEUES.memory("S").take(100)]


def stored() -> int:
    return len(QUEUES.memory("S"))


async def test_a_file_becomes_a_message_and_goes(tmp_path):
    path = put(tmp_path, "a.xml")
    async with at_work(job(tmp_path)):
        await until(lambda: stored() and not path.exists())
    [message] = await messages()
    assert (message.payload.raw, message.payload.content_type) == (b"<a/>", "text/xml")
    assert (message.headers.get("FILE_NAME"), message.headers.get("FILE_LENGTH")) == ("a.xml", "4")
    assert message.get("inbound.endpoint.name") == "F"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.json", "application/json"),
        ("a.txt", "text/plain"),
        ("a.csv", "text/plain"),
        ("a", "application/octet-stream"),
    ],
)
async def test_the_name_says_the_type_unless_the_endpoint_does(tmp_path, name, content_type):
    put(tmp_path, name, b"1")
    async with at_work(job(tmp_path)):
        await until(stored)
    put(tmp_path, name, b"1")
    async with at_work(job(tmp_path, ContentType="text/plain; charset=latin-1")):
        await until(lambda: stored() == 2)
    assert [each.payload.content_type for each in await messages()] == [content_type, "text/plain; charset=latin-1"]


async def test_files_that_were_mediated_are_moved_and_nothing_is_overwritten(tmp_path):
    done = tmp_path / "done" / "deeper"
    parameters = {"ActionAfterProcess": "MOVE", "MoveAfterProcess": done.as_uri()}
    async with at_work(job(tmp_path, **parameters)):
        put(tmp_path, "a.xml", b"first")
        await until(lambda: stored() == 1 and not (tmp_path / "a.xml").exists())
        put(tmp_path, "a.xml", b"second")
        await until(lambda: stored() == 2 and not (tmp_path / "a.xml").exists())
    assert {path.name: path.read_bytes() for path in done.iterdir()} == {"a.xml": b"first", "a-1.xml": b"second"}


async def test_moved_files_can_have_a_time_stamp(tmp_path):
    done = tmp_path / "done"
    put(tmp_path, "a.xml")
    parameters = {"ActionAfterProcess": "MOVE", "MoveAfterProcess": done, "MoveTimestampFormat": "yyyyMMdd_"}
    async with at_work(job(tmp_path, **parameters)):
        await until(lambda: done.exists() and list(done.iterdir()))
    assert [path.name for path in done.iterdir()] == [time.strftime("%Y%m%d_a.xml")]


async def test_only_names_that_match_count(tmp_path):
    put(tmp_path, "a.txt")
    put(tmp_path, "b.xml")
    put(tmp_path, ".c.xml")
    (tmp_path / "d.xml").symlink_to(tmp_path / "a.txt")
    async with at_work(job(tmp_path, FileNamePattern=r".*\.xml")):
        await until(lambda: not (tmp_path / "b.xml").exists())
    assert stored() == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", ".c.xml", "d.xml"}


@pytest.mark.parametrize(
    "sequence",
    ['<sequence key="missing"/>', '<property name="SET_ROLLBACK_ONLY" value="true"/>'],
    ids=["fault", "rollback"],
)
async def test_a_file_whose_mediation_fails_stays_until_it_changes(tmp_path, sequence):
    path = put(tmp_path, "a.xml")
    async with at_work(job(tmp_path, sequence)) as lease:
        await until(lambda: lease.news.failures == 1)
        put(tmp_path, "b.xml")
        await until(lambda: lease.news.failures == 2)  # the first one was not tried again
        assert path.exists()
        put(tmp_path, "a.xml", b"<b/>", age=20)
        await until(lambda: lease.news.failures == 3)


async def test_failed_files_can_be_moved(tmp_path):
    failed = tmp_path / "failed"
    path = put(tmp_path, "a.xml")
    parameters = {"ActionAfterFailure": "MOVE", "MoveAfterFailure": failed.as_uri()}
    async with at_work(job(tmp_path, '<sequence key="missing"/>', **parameters)):
        await until(lambda: not path.exists())
    assert (failed / "a.xml").read_bytes() == b"<a/>"


async def test_a_file_that_is_being_written_is_left_alone(tmp_path):
    work = job(tmp_path)
    put(tmp_path, "a.xml", b"<a", age=0)
    assert await work._look() == []
    put(tmp_path, "a.xml", b"<a/>", age=0)
    assert await work._look() == []
    [found] = await work._look()  # the same at two looks
    assert found.path.name == "a.xml"


async def test_what_is_written_during_mediation_is_another_message(tmp_path, monkeypatch):
    path = put(tmp_path, "a.xml", b"first")
    read = file_system.read

    def read_and_write(found, limit):
        content = read(found, limit)
        if content == b"first":
            put(tmp_path, "a.xml", b"second", age=5)
        return content

    monkeypatch.setattr(file_system, "read", read_and_write)
    async with at_work(job(tmp_path)):
        await until(lambda: not path.exists())
    assert [each.payload.raw for each in await messages()] == [b"first", b"second"]


async def test_a_file_that_is_too_large_fails(tmp_path):
    put(tmp_path, "a.xml", b"x" * 11)
    async with at_work(job(tmp_path, FileSizeLimit=10)) as lease:
        await until(lambda: lease.news.failures)
    assert lease.news.reason == "it holds more than 10 bytes"


async def test_files_come_in_the_order_that_is_wanted(tmp_path):
    put(tmp_path, "a", b"22", age=30)
    put(tmp_path, "b", b"333", age=10)
    put(tmp_path, "c", b"1", age=20)

    async def order(**parameters) -> str:
        return "".join(each.path.name for each in await job(tmp_path, **parameters)._look())

    assert await order() == "abc"
    assert await order(FileSortAttribute="Size") == "cab"
    assert await order(FileSortAttribute="Lastmodifiedtimestamp", FileSortAscending="false") == "bca"
    assert await order(FileProcessCount=2) == "ab"


async def test_replies_are_written_where_the_endpoint_says(tmp_path):
    replies = tmp_path / "replies"
    source = tmp_path / "in"
    source.mkdir()
    put(source, "a.txt", b"hello")
    name = '<property name="transport.vfs.ReplyFileName" scope="transport" value="../b.txt"/>'
    async with at_work(job(source, f"{name}<respond/>", ReplyFileURI=replies.as_uri())):
        await until(lambda: not list(source.iterdir()))
    assert (replies / "b.txt").read_bytes() == b"hello"


async def test_a_directory_that_is_not_there_is_waited_for(tmp_path, caplog):
    directory = tmp_path / "later"
    async with at_work(job(directory)):
        await until(lambda: "cannot be read" in caplog.text)
        directory.mkdir()
        put(directory, "a.xml")
        await until(stored)
    assert caplog.text.count("cannot be read") == 1


def test_a_move_to_another_file_system_copies_first(tmp_path, monkeypatch):
    def link(*args, **options):
        raise OSError(18, "Invalid cross-device link")

    source = put(tmp_path, "a.xml")
    monkeypatch.setattr(os, "link", link)
    target = file_system.move(source, tmp_path / "x", "a.xml")
    assert (target.read_bytes(), source.exists()) == (b"<a/>", False)
    assert file_system.move(put(tmp_path, "a.xml"), tmp_path / "x", "a.xml").name == "a-1.xml"


PROXY = f"""<proxy xmlns="{SYNAPSE_NS}" name="P" transports="http vfs">
    <target><inSequence>{{sequence}}</inSequence></target>
    <parameter name="transport.vfs.FileURI">{{directory}}</parameter>
    <parameter name="transport.vfs.ContentType">text/plain</parameter>
    <parameter name="transport.PollInterval">0.01</parameter></proxy>"""


async def test_a_proxy_service_takes_files_too(tmp_path):
    put(tmp_path, "a")
    engine = runtime(PROXY.format(directory=tmp_path.as_uri(), sequence=KEEP), store())
    proxy = engine.environment.proxy_service("P")
    assert proxy.transports == {"http"}
    async with at_work(_proxy_files(proxy, proxy.files, engine)):
        await until(stored)
    [message] = await messages()
    assert (message.get("proxy.name"), message.get("TRANSPORT_IN_NAME")) == ("P", "vfs")


def test_files_of_a_proxy_service_that_cannot_be_read_are_a_warning():
    compilation = compile_artifact(parse_xml(PROXY.format(directory="ftp://host/in", sequence="")))
    assert [finding.message for finding in compilation.warnings] == [
        "files over ftp is kept, but cannot run in this version: use a local directory",
        'transport "vfs" of the proxy service does not run in this version',
    ]
    assert compilation.artifact.files is None
