import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mediation.child_processes import ChildPool
from mediation.errors import MediationError
from mediation.transformation.processor import WORKER, Processor
from mediation.transformation.program import query, stylesheet
from tests.mediation.support import DictEnvironment

from .support import entry, module, root

MEMORY = 512 * 1024 * 1024
DOUBLING = """
<xsl:template match="/"><xsl:call-template name="d"><xsl:with-param name="s" select="'xxxxxxxxxxxxxxxx'"/>
  <xsl:with-param name="n" select="40"/></xsl:call-template></xsl:template>
<xsl:template name="d"><xsl:param name="s"/><xsl:param name="n"/><xsl:choose>
  <xsl:when test="$n = 0"><o><xsl:value-of select="string-length($s)"/></o></xsl:when>
  <xsl:otherwise><xsl:call-template name="d"><xsl:with-param name="s" select="concat($s, $s)"/>
  <xsl:with-param name="n" select="$n - 1"/></xsl:call-template></xsl:otherwise></xsl:choose></xsl:template>"""
NESTED = """<o><xsl:for-each select="//b"><xsl:for-each select="//b"><xsl:for-each select="//b">.</xsl:for-each>
</xsl:for-each></xsl:for-each></o>"""
RECURSION = """<xsl:template match="/"><xsl:call-template name="r"/></xsl:template>
<xsl:template name="r"><xsl:call-template name="r"/>x</xsl:template>"""


@pytest_asyncio.fixture
async def processor() -> AsyncIterator[Processor]:
    processor = Processor()
    processor._pools = {name: ChildPool((*WORKER, name, str(MEMORY)), size=1) for name in ("libxml", "saxon")}
    processor._seconds = 3.0
    yield processor
    await processor.aclose()


async def transformed(
    processor: Processor, text: str, document: bytes = b"<a>x</a>", *others: str, **parameters: str
) -> str:
    program = stylesheet("main", DictEnvironment(entry("main", text), *others), {})
    return (await processor.run(program, document, parameters=parameters)).decode().strip()


def written(directory: Path) -> list[Path]:
    return list(directory.iterdir())


both = pytest.mark.parametrize("version", ["1.0", "2.0"])


@both
async def test_a_stylesheet_makes_one_document_of_another(processor: Processor, version: str):
    declarations = '<xsl:param name="p" select="1"/>'
    text = root('<o p="{$p}"><xsl:value-of select="a"/></o>', version, declarations)
    assert await transformed(processor, text, p="it's é") == '<o p="it\'s é">x</o>'
    assert await transformed(processor, text) == '<o p="1">x</o>', "a parameter is for one message"


@both
async def test_text_is_text(processor: Processor, version: str):
    text = root("1 &lt; 2 é", version, '<xsl:output method="text"/>')
    assert await transformed(processor, text) == "1 < 2 é"


@both
async def test_html_is_written_as_xml(processor: Processor, version: str):
    text = root("<html><br/></html>", version, '<xsl:output method="html" indent="no"/>')
    assert await transformed(processor, text) == "<html><br/></html>"


@both
async def test_modules_are_included(processor: Processor, version: str):
    text = module('<xsl:import href="a"/><xsl:template match="/"><o><xsl:apply-templates/></o></xsl:template>', version)
    other = entry("a", module('<xsl:template match="a"><included/></xsl:template>', version))
    assert await transformed(processor, text, b"<a/>", other) == "<o><included/></o>"


async def test_a_stylesheet_can_read_itself(processor: Processor):
    text = root("""<o><xsl:value-of select="count(document('')/*)"/></o>""")
    assert await transformed(processor, text) == "<o>1</o>"


async def test_a_query_gives_xml_or_text(processor: Processor):
    async def result(text: str, *variables: tuple[str, str, str]) -> object:
        program = query("q", DictEnvironment(entry("q", f"<x><![CDATA[{text}]]></x>")))
        return json.loads(await processor.run(program, variables=variables))

    assert await result("<o>{1 + 1}</o>") == {"xml": "<o>2</o>"}
    assert await result("declare variable $n as xs:int external; $n * 2", ("n", "int", "21")) == {"text": "42"}
    assert await result("declare variable $e external; $e/b/text()", ("e", "element", "<a><b>c</b></a>")) == {
        "text": "c"
    }
    assert await result("()") is None


# -- what a stylesheet must not do


@both
@pytest.mark.parametrize(
    "content",
    [
        "<o><xsl:copy-of select=\"document('file:///etc/hostname')\"/></o>",
        "<o><xsl:copy-of select=\"document('/etc/hostname')\"/></o>",
        "<o><xsl:copy-of select=\"document('http://127.0.0.1:9/')\"/></o>",
        "<o><exsl:document href='{OUT}' xmlns:exsl='http://exslt.org/common'>x</exsl:document></o>",
        "<o xmlns:r='java:java.lang.Runtime'><xsl:value-of select='r:getRuntime()'/></o>",
    ],
)
async def test_files_and_the_network_are_out_of_reach(processor: Processor, content: str, version: str, tmp_path: Path):
    text = root(content.replace("{OUT}", str(tmp_path / "out")), version)
    extensions = 'xmlns:exsl="http://exslt.org/common" extension-element-prefixes="exsl"'
    text = text.replace("version=", f"{extensions} version=", 1)
    with pytest.raises(MediationError):
        await transformed(processor, text)
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        "<o><xsl:value-of select=\"unparsed-text('file:///etc/hostname')\"/></o>",
        "<o><xsl:value-of select=\"collection('file:///etc')\"/></o>",
    ],
)
async def test_functions_of_xslt_2_reach_no_files_either(processor: Processor, content: str):
    with pytest.raises(MediationError, match=r"prohibited|disallowed"):
        await transformed(processor, root(content, "2.0"))


async def test_a_result_document_is_not_written(processor: Processor, tmp_path: Path):
    document = f'<o/><xsl:result-document href="file://{tmp_path}/out"><p/></xsl:result-document>'
    assert await transformed(processor, root(document, "2.0")) == "<o/>"
    assert written(tmp_path) == []


@both
async def test_a_stylesheet_that_takes_too_much_memory_is_stopped(processor: Processor, version: str):
    with pytest.raises(MediationError):
        await transformed(processor, module(DOUBLING, version))
    assert await transformed(processor, root("<o/>", version)) == "<o/>", "the next one runs"


@both
async def test_a_stylesheet_without_end_is_stopped(processor: Processor, version: str):
    with pytest.raises(MediationError):
        await transformed(processor, module(RECURSION, version))
    assert await transformed(processor, root("<o/>", version)) == "<o/>"


@both
async def test_a_stylesheet_that_takes_too_long_is_stopped_and_nobody_else_waits(processor: Processor, version: str):
    processor._seconds = 0.5
    await transformed(processor, root("<o/>", version))
    document = b"<a>" + b"<b/>" * 2000 + b"</a>"
    started = time.monotonic()
    bomb = asyncio.create_task(transformed(processor, root(NESTED, version), document))
    longest = 0.0
    while not bomb.done():
        before = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - before)
    with pytest.raises(MediationError, match="longer than"):
        await bomb
    assert time.monotonic() - started < 2
    assert longest < 0.25
    assert await transformed(processor, root("<o/>", version)) == "<o/>"


async def test_mistakes_are_explained(processor: Processor):
    with pytest.raises(MediationError, match="failed to compile"):
        await transformed(processor, module('<xsl:template match="//["/>'))
    with pytest.raises(MediationError, match="stop"):
        await transformed(processor, root('<o/><xsl:message terminate="yes">stop</xsl:message>'))
    with pytest.raises(MediationError, match="no element"):
        await transformed(processor, root("words"))
