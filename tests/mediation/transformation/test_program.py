import base64
import re

import pytest

from mediation.errors import MediationError
from mediation.transformation.program import Program, query, stylesheet
from tests.mediation.support import DictEnvironment

from .support import entry, module, root


def made(*entries: str, key: str = "main", **locations: str) -> Program:
    return stylesheet(key, DictEnvironment(*entries), locations)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (root("<o/>"), "xslt1"),
        (root("<o/>", "2.0"), "xslt"),
        (root("<o/>", "3.0"), "xslt"),
        ('<o xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xsl:version="1.0"/>', "xslt1"),
        (root('<xsl:for-each-group select="//a" group-by="@x"/>'), "xslt"),
        (root("""<o><xsl:value-of select="replace(/a, 'x', 'y')"/></o>"""), "xslt"),
        (root("""<o a="{tokenize(/a, ',')[1]}"/>"""), "xslt"),
        (root("""<o xmlns:str="http://exslt.org/strings"><xsl:value-of select="str:tokenize(/a)"/></o>"""), "xslt1"),
        (root("""<o><xsl:value-of select="translate(/a, 'x', 'y')"/></o>"""), "xslt1"),
    ],
)
def test_a_stylesheet_that_needs_xslt_2_gets_it(text: str, kind: str):
    assert made(entry("main", text)).kind == kind


def test_modules_are_found_by_resource_by_key_and_beside_the_stylesheet():
    links = ("by-resource.xsl", "by-key", "beside.xsl")
    main = module("".join(f'<xsl:import href="{href}"/>' for href in links))
    program = made(
        entry("conf:/xslt/main", main),
        entry("mapped", module("<!--1-->")),
        entry("by-key", module("<!--2-->")),
        entry("conf:/xslt/beside.xsl", module("<!--3-->")),
        key="conf:/xslt/main",
        **{"by-resource.xsl": "mapped"},
    )
    assert re.findall('href="([^"]*)"', program.sources[program.main]) == ["esb:1", "esb:2", "esb:3"]
    assert ["<!--1-->" in program.sources["esb:1"], "<!--3-->" in program.sources["esb:3"]] == [True, True]


def test_modules_of_xslt_2_lie_inside():
    program = made(
        entry("main", module('<xsl:include href="a"/>', "2.0")),
        entry("a", module('<xsl:include href="b"/>')),
        entry("b", module("<!--b-->")),
    )
    [content] = re.findall('href="data:application/xml;base64,([^"]*)"', program.sources[program.main])
    assert 'href="data:' in base64.b64decode(content).decode()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("href", ["file:///etc/passwd", "http://localhost/x.xsl", "../missing", ""])
def test_a_module_that_is_no_local_entry_is_out_of_reach(href: str, version: str):
    with pytest.raises(MediationError, match="neither a <resource> nor the key of a local entry"):
        made(entry("main", module(f'<xsl:import href="{href}"/>', version)))


def test_a_stylesheet_that_includes_itself_is_refused():
    with pytest.raises(MediationError, match="includes itself"):
        made(
            entry("main", module('<xsl:include href="a"/>', "2.0")),
            entry("a", module('<xsl:include href="main"/>', "2.0")),
        )


@pytest.mark.parametrize(
    ("declarations", "gives_text"),
    [
        ("", False),
        ('<xsl:output method="text"/>', True),
        ('<xsl:output method="html" doctype-system="x" encoding="utf-16"/>', False),
        ('<xsl:output name="other" method="text"/>', False),
    ],
)
def test_the_result_is_text_or_xml_in_utf_8(declarations: str, gives_text: bool):
    program = made(entry("main", root("<o/>", declarations=declarations)))
    assert program.gives_text is gives_text
    assert f'method="{"text" if gives_text else "xml"}" encoding="UTF-8"' in program.sources[program.main]
    assert "doctype" not in program.sources[program.main]


def test_what_the_main_module_says_about_its_output_counts_most():
    included = entry("a", module('<xsl:output method="text"/>'))
    assert made(entry("main", module('<xsl:import href="a"/>')), included).gives_text
    own = entry("main", module('<xsl:import href="a"/><xsl:output method="xml"/>'))
    assert not made(own, included).gives_text


def test_a_program_is_current_until_one_of_its_entries_changes():
    environment = DictEnvironment(
        entry("main", module('<xsl:import href="a"/>')), entry("a", module("")), entry("b", module(""))
    )
    program = stylesheet("main", environment, {})
    environment.deploy(entry("b", module("<!--new-->")))
    assert program.is_current(environment)
    environment.deploy(entry("a", module("<!--new-->")))
    assert not program.is_current(environment)


def test_the_same_text_is_the_same_program():
    assert made(entry("main", root("<o/>"))).id == made(entry("main", root("<o/>"))).id
    assert made(entry("main", root("<o/>"))).id != made(entry("main", root("<p/>"))).id


@pytest.mark.parametrize("content", ["<x>1 + 1</x>", "1 + 1"])
def test_a_query_is_text_or_the_text_of_an_element(content: str):
    program = query("q", DictEnvironment(entry("q", content)))
    assert program.sources[program.main] == "1 + 1"


def test_a_key_without_an_entry():
    with pytest.raises(MediationError, match="there is no local entry main"):
        made()
    with pytest.raises(MediationError, match="No object found for the key 'q'"):
        query("q", DictEnvironment())


def test_an_entry_that_is_no_xml():
    with pytest.raises(MediationError, match="the stylesheet main is not XML"):
        made(entry("main", "words"))
