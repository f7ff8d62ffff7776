"""E4X becomes plain JavaScript, and plain JavaScript stays as it is."""

import pytest

from mediation.scripting.e4x import E4xError, translate


@pytest.mark.parametrize(
    "source",
    [
        "if (a < b && c > d) x = a / b / c;",
        "for (i = 0; i<n; ++i) { f(a[i]) }",
        "var s = 'a <b/> c' + \"<c>\"; // <d>",
        r"x = s.replace(/<\?(.*?)\?>/g, '').split(/[/<]/)",
        "`t ${a.b} <x>`",
        "a = b ? c : d; o = {e: 1, f: [2]}; 1.5.toFixed(1)",
        "x = {...y}; f(...z)",
        "var org = 1; a.java = 2;",
    ],
)
def test_plain_javascript_stays_as_it_is(source: str) -> None:
    translation = translate(source)
    assert translation.text == source
    assert translation.java == []


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("p..*::Code", 'p["..{*}" + "Code"]'),
        ("p..symbol.x", 'p["..symbol"].x'),
        ("p.*", 'p["*"]'),
        ("p.@id", 'p["@id"]'),
        ("p.ns::a.@ns::b", 'p["" + __uri(ns) + "a"]["@" + __uri(ns) + "b"]'),
        ('p..*::["xml"]', 'p["..{*}" + ("xml")]'),
        ('p.@["a" + i]', 'p["@" + ("a" + i)]'),
        ("a = <b>{c.d}</b>;", 'a = __literal("<b>" + __content(c.d) + "</b>");'),
        ("a = <b c={d}/>;", 'a = __literal("<b c=" + __attribute(d) + "/>");'),
        ("return <></>;", 'return __literal("<__list></__list>");'),
        ("x.y += <a/>;", 'x.y = __plus(x.y, __literal("<a/>"));'),
        ("for each (var x in p.*) f(x);", 'for (var x of __values( p["*"])) f(x);'),
        ("f(<a><!-- c --><b/></a>)", 'f(__literal("<a><b/></a>"))'),
    ],
)
def test_e4x_becomes_calls_and_names(source: str, plain: str) -> None:
    assert translate(source).text == plain


@pytest.mark.parametrize(
    "source", ["java.lang.Thread.sleep(1)", "importPackage(x)", "var t = Java.type('a')", "new org.x.Y()"]
)
def test_java_is_noticed(source: str) -> None:
    assert translate(source).java


@pytest.mark.parametrize("source", ["a = <b>", "a = <b", "a = <b>{c</b>", "a.*::", "a = <![CDATA["])
def test_what_does_not_end_is_a_mistake(source: str) -> None:
    with pytest.raises(E4xError):
        translate(source)
