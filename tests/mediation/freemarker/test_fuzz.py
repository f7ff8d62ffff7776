"""Whatever stands in a template or comes in a message, only the project's own errors come out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mediation.errors import ConfigurationError
from mediation.freemarker.template import Template
from mediation.freemarker.values import Document, TemplateFailure

# fmt: off
PARTS = st.sampled_from([
    "a", "list", "map", "xml.r", "none", "?size", "?upper_case", "?join(',')", "?first", "?c", "?string('0')",
    "?then(1,2)", "!", "!'d'", "??", ".b", "[0]", "[0..1]", "(", ")", "+", "-", "*", "/", "%", "==", " gt ", "&&", "1",
    "'s'", "true", "{'k':1}", "[1,2]", "..", "?sort", "?keys", "?number", "?date('yyyy')", "?has_content",
    "?left_pad(3)", "?sort_by('b')", "?reverse", "?min", "?substring(1)", "?replace('a','b')", "?is_hash", "?values",
    "?round", "?index", "?counter",
])
DIRECTIVES = st.sampled_from([
    "<#if true>", "</#if>", "<#else>", "<#list list as x>", "</#list>", "${x}", "<#assign a = 1>", "text\n", "<#sep>",
    "<#break>", "<#switch 1>", "<#case 1>", "</#switch>", "<#list map as k, v>", "${k!}", "<#elseif false>",
    "<#-- c -->", "${", "}", "<#", ">",
])
# fmt: on
MODEL = {
    "a": "text",
    "list": [3, 1, 2],
    "map": {"b": 1, "k": "v"},
    "xml": Document(etree.fromstring("<r><b>1</b><b>2</b></r>")),
}


def render(template: str) -> None:
    try:
        Template(template).render(MODEL)
    except (ConfigurationError, TemplateFailure):
        pass


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=6).map("".join))
def test_expressions(text: str):
    render(f"${{{text}}}")


@settings(max_examples=300, deadline=None)
@given(st.lists(DIRECTIVES, max_size=8).map("".join))
def test_directives(template: str):
    render(template)
