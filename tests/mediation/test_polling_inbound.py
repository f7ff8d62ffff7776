"""``<inboundEndpoint>`` that looks for messages itself: its parameters."""

from pathlib import Path

import pytest

from mediation.compiler import compile_artifact
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.polled_files import local_path
from mediation.triggers import Cron, Interval
from tests.mediation.support import compiled


def inbound(*parameters: tuple[str, str]) -> str:
    texts = "".join(f'<parameter name="{name}">{value}</parameter>' for name, value in parameters)
    return f"""<inboundEndpoint xmlns="{SYNAPSE_NS}" name="F" protocol="file" sequence="s"><parameters>
        {texts}</parameters></inboundEndpoint>"""


URI = ("transport.vfs.FileURI", "file:///in")


@pytest.mark.parametrize(
    "text", ["file:///a/b", "vfs:file:///a/b", "/a/b", "file:/a/b", "file:///a/b?x=1", "file:////a/b"]
)
def test_ways_to_write_a_directory(text):
    assert local_path(text) == Path("/a/b")


def test_defaults():
    endpoint = compiled(inbound(URI))
    assert (endpoint.trigger, endpoint.sequential, endpoint.coordination) == (Interval(1), True, True)
    assert (endpoint.files.after_success, endpoint.files.after_failure) == ("delete", "none")


def test_a_cron_expression():
    assert isinstance(compiled(inbound(URI, ("cron", "0 0 * * * ?"))).trigger, Cron)


@pytest.mark.parametrize(
    ("parameters", "mistake"),
    [
        ([], '"" is no absolute path: write file:///directory'),
        ([("transport.vfs.FileURI", "in")], '"in" is no absolute path: write file:///directory'),
        ([("transport.vfs.FileURI", "ftp://host/in")], "files over ftp is kept, but cannot run in this version"),
        ([URI, ("transport.vfs.ActionAfterProcess", "MOVE")], "to move files needs the parameter"),
        ([URI, ("transport.vfs.ActionAfterProcess", "BURN")], "parameter transport.vfs.ActionAfterProcess"),
        ([URI, ("interval", "0")], 'parameter interval "0" is not a whole number of at least 1'),
    ],
)
def test_mistakes(parameters, mistake):
    compilation = compile_artifact(parse_xml(inbound(*parameters)))
    assert [*compilation.errors, *compilation.not_runnable][0].message.startswith(mistake)


def test_locking_is_accepted_without_effect():
    [finding] = compile_artifact(parse_xml(inbound(URI, ("transport.vfs.Locking", "enable")))).findings
    assert "one process at a time reads a directory" in finding.message
