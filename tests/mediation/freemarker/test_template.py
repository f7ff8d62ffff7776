"""FreeMarker templates, as its manual describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from lxml import etree

from mediation.errors import ConfigurationError, ExpressionSyntaxError, NotRunnable
from mediation.freemarker.template import Template
from mediation.freemarker.values import Document, TemplateFailure

MODEL: dict[str, Any] = {
    "name": "walkers tours",
    "n": 1234567,
    "f": 0.5,
    "yes": True,
    "none": None,
    "empty": [],
    "list": ["b", "a", "c"],
    "rooms": [{"code": "LX", "left": 23}, {"code": "SUITE", "left": 3}],
    "map": {"x": 1, "y-z": 2},
    "xml": Document(etree.fromstring('<r xmlns="urn:r" id="7"><a>1</a><b><c>x</c></b><b><c>y</c></b></r>')),
}


def rendered(template: str) -> str:
    return Template(template).render(MODEL)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("Hello ${name}!", "Hello walkers tours!"),
        ("${n} ${f} ${1.2345} ${3.0} ${0}", "1,234,567 0.5 1.234 3 0"),
        ("${n?c} ${yes?c} ${f?c}", "1234567 true 0.5"),
        ("${1 + 2 * 3} ${(1 + 2) * 3} ${7 / 2} ${7 % 3} ${-n?abs}", "7 9 3.5 1 -1,234,567"),
        ('${"a" + 1 + name}', "a1walkers tours"),
        ("${\"Hi ${name}\"} ${r'${raw}'}", "Hi walkers tours ${raw}"),
        (r"${'it\'s \l\x41'}", "it's <A"),
        ('${missing!"x"} ${missing!} ${(a.b.c)!"y"} ${name!"z"}', "x  y walkers tours"),
        ("${missing!1 + 2}", "3"),
        ("${none!'null'}", "null"),
        ("${missing???c} ${name???c} ${(a.b)???c}", "false true false"),
        ("${list[0]}${list[2]} ${name[0..6]} ${name[8..]}", "bc walkers tours"),
        ("${rooms[1].code} ${rooms[0]['left']} ${map['y-z']} ${map.y\\-z}", "SUITE 23 2 2"),
        ("${(yes && !false)?c} ${(n > 5 || missing)?c} ${(n gte 5)?c} ${(1 != 2)?c}", "true true true true"),
        ("${['a', 'b'][1]} ${{'k': 'v'}.k} ${(list + ['d'])?size}", "b v 4"),
        ("<#-- a comment -->x", "x"),
        ("$ {x} <a href='#'/> < #if", "$ {x} <a href='#'/> < #if"),
        ("<#noparse>${x}<#if></#noparse>", "${x}<#if>"),
    ],
)
def test_interpolations(template: str, result: str):
    assert rendered(template) == result


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("${name?upper_case} ${name?cap_first} ${name?capitalize}", "WALKERS TOURS Walkers tours Walkers Tours"),
        ("${'ABC'?lower_case}${' x '?trim}${'abc'?length}", "abcx3"),
        ('${\'<a b="1">&\'?html}|${"<\'>"?xml}', "&lt;a b=&quot;1&quot;&gt;&amp;|&lt;&apos;&gt;"),
        ('${"a\\"b\\n"?json_string}', r"a\"b\n"),
        ("${'a b/c'?url}", "a%20b%2Fc"),
        ("${'abcabc'?replace('b', 'X')} ${'abc'?contains('b')?c} ${'abc'?index_of('c')}", "aXcaXc true 2"),
        ("${'abc'?starts_with('a')?c} ${'abc'?ends_with('a')?c} ${'abcdef'?substring(2, 4)}", "true false cd"),
        ("${'a,b'?split(',')?join('|')} ${list?sort?join(',')} ${list?reverse?join(',')}", "a|b a,b,c c,a,b"),
        (
            "${list?size} ${list?first} ${list?last} ${list?seq_contains('a')?c} ${list?seq_index_of('c')}",
            "3 b c true 2",
        ),
        ("${rooms?sort_by('left')?first.code} ${map?keys?join(',')} ${map?values?join(',')}", "SUITE x,y-z 1,2"),
        ("${yes?string('y', 'n')} ${yes?string} ${yes?then(1, 2)} ${n?string('0')}", "y true 1 1234567"),
        ("${1.5?string('0.00')} ${1234.5?string('#,##0.##')} ${'12.5'?number + 1}", "1.50 1,234.5 13.5"),
        ("${2.5?round} ${2.5?floor} ${2.1?ceiling} ${2.9?int}", "3 2 3 2"),
        ("${name?has_content?c} ${empty?has_content?c} ${missing?has_content?c}", "true false false"),
        ("${missing?default('d')} ${name?is_string?c} ${list?is_sequence?c} ${n?is_number?c}", "d true true true"),
        ("${'7'?left_pad(3, '0')} ${'a-b'?keep_before('-')} ${'a-b'?keep_after('-')}", "007 a b"),
        ("${'29/09/1988'?date('dd/MM/yyyy')?string('yyyy-MM-dd')}", "1988-09-29"),
        ("${'2026-01-02T03:04:05'?datetime?string('HH:mm')}", "03:04"),
        ("${n?switch(1, 'one', 1234567, 'n', 'other')}", "n"),
    ],
)
def test_built_ins(template: str, result: str):
    assert rendered(template) == result


def test_now_is_a_date():
    assert rendered("${.now?string('yyyy')}") == str(datetime.now().year)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("<#if n gt 5>big<#else>small</#if>", "big"),
        ("<#if (n < 5)>a<#elseif n == 1234567>b<#else>c</#if>", "b"),
        ("<#if missing??>a</#if>", ""),
        ("<#list list as x>${x}<#sep>, </#list>", "b, a, c"),
        ("<#list list as x>${x}<#sep>, </#sep>;</#list>", "b, ;a, ;c;"),
        (
            "<#list list as x>${x?index}${x?counter}${x?is_last?c}<#if x?has_next>,</#if></#list>",
            "01false,12false,23true",
        ),
        ("<#list list as x>${x_index}<#if x_has_next>,</#if></#list>", "0,1,2"),
        ("<#list empty as x>x<#else>nothing</#list>", "nothing"),
        ("<#list map as k, v>${k}=${v};</#list>", "x=1;y-z=2;"),
        ("<#list 1..3 as i>${i}</#list><#list 3..1 as i>${i}</#list><#list 0..<2 as i>${i}</#list>", "12332101"),
        ("<#list list as x><#if x == 'a'><#break></#if>${x}</#list>", "b"),
        ("<#list list as x><#if x == 'a'><#continue></#if>${x}</#list>", "bc"),
        ("<#list rooms as r><#list 1..2 as i>${r.code}${i}</#list></#list>", "LX1LX2SUITE1SUITE2"),
        ("<#assign a = 1 b = a + 1>${a}${b}<#assign c>x${b}</#assign>${c}", "12x2"),
        ("<#assign t = 0><#list rooms as r><#assign t = t + r.left></#list>${t}", "26"),
        ("<#switch n><#case 1>one<#break><#case 1234567>n<#case 2>two<#break><#default>x</#switch>", "ntwo"),
        ("<#switch n><#case 1>one<#break><#default>other</#switch>", "other"),
    ],
)
def test_directives(template: str, result: str):
    assert rendered(template) == result


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("${xml.r.a} ${xml.r.@id} ${xml.r.b[1].c} ${xml.r.b?size}", "1 7 y 2"),
        ("<#list xml.r.b as b>${b.c}</#list>", "xy"),
        ("${xml.r.none!'-'} ${(xml.r.none.c)!'-'} ${xml.r.a?number + 1}", "- - 2"),
        ("<#if xml.r.a == '1'>one</#if>", "one"),
    ],
)
def test_xml(template: str, result: str):
    assert rendered(template) == result


def test_lines_with_nothing_but_directives_leave_nothing():
    template = """{
  <#list rooms as room>
  {"code": "${room.code}"}<#if room_has_next>,</#if>
  </#list>
  <#-- a comment -->
  <#if yes>
  "x": 1
  </#if>
}
"""
    assert rendered(template) == '{\n  {"code": "LX"},\n  {"code": "SUITE"}\n  "x": 1\n}\n'


def test_a_template_that_was_xml_has_escapes_within_expressions():
    assert Template("<a>${(n &gt; 5 &amp;&amp; yes)?c} &amp;</a>", from_xml=True).render(MODEL) == "<a>true &amp;</a>"


@pytest.mark.parametrize(
    "template",
    [
        "${missing}",
        "${none}",
        "${missing.a!}",
        "${a.b.c!}",
        "${yes}",
        "${list}",
        "${map}",
        "${name.x}",
        "${xml.r.b}",
        "${1 / 0}",
        "${1 + missing}",
        "${name == 1}",
        "${name < 'a'}",
        "<#if name>x</#if>",
        "<#list name as x>x</#list>",
        "<#list missing as x>x</#list>",
        "<#list 1..1000000 as x>x</#list>",
        "<#list 1..1000 as x><#list 1..1000 as y></#list></#list>",
        "${'abc'?substring(5)}",
        "${'abc'?number}",
        "${'abc'?date('yyyy')}",
        "${name?join(',')}",
        "${x?index}",
        "<#break>",
    ],
)
def test_what_fails_on_a_message(template: str):
    with pytest.raises(TemplateFailure):
        rendered(template)


@pytest.mark.parametrize(
    "template",
    [
        "${",
        "${}",
        "${a b}",
        "${'open}",
        "<#if>x</#if>",
        "<#if yes>x",
        "x</#if>",
        "<#else>",
        "<#if yes>x</#list>",
        "<#list list as >x</#list>",
        "<#noparse>",
        "${" + "(" * 60 + "1" + ")" * 60 + "}",
        "${" + "-" * 3000 + "1}",
        "<#if yes>" * 60 + "</#if>" * 60,
    ],
)
def test_mistakes(template: str):
    with pytest.raises(ExpressionSyntaxError):
        Template(template)


@pytest.mark.parametrize(
    "template",
    [
        "<#include 'x'>",
        "<#import 'x' as y>",
        "<#macro m>x</#macro>",
        "<@m/>",
        "<#function f x></#function>",
        "<#setting locale='de'>",
        "<#list list>x</#list>",
        "${name?eval}",
        "${name?new()}",
        "${name?api}",
        "${name?interpret}",
        "${.vars}",
        "#{n}",
        "<#t>",
    ],
)
def test_what_does_not_run_is_said(template: str):
    with pytest.raises(NotRunnable):
        Template(template)


def test_mistakes_have_their_line():
    with pytest.raises(ConfigurationError) as caught:
        Template("a\nb\n  ${name?nothing}")

    assert caught.value.line == 3


def test_failures_have_their_line_and_no_value_of_the_message():
    with pytest.raises(TemplateFailure, match=r"^line 2: \?number: \?number needs a text that is a number$"):
        rendered("a\n${name?number}")
