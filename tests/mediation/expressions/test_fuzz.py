"""Whatever stands in an attribute or comes in a message, only the project's own errors come out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mediation.errors import EsbError
from mediation.expressions import compile_expression, compile_regex
from mediation.payloads import Payload

from .support import json, message

# fmt: off
PIECES = st.sampled_from([
    "//", "/", ".", "..", "*", "@", "::", "(", ")", "[", "]", ",", "|", "=", "!=", "<", "+", "-", "and", "or",
    "div", "1", "2.5", "'a'", '"b"', "$ctx:x", "$body", "$trp:h", "$url:q", "$x", "a", "b:c", "text()", "node()",
    "count(", "concat(", "not(", "get-property(", "fn:concat(", "string(", "position()", "child::", "tokenize(",
    "$", "'", '"', "{", "}", "#", "é", " ",
])
STEPS = st.sampled_from([
    "$", ".", "..", "a", "['b']", "[0]", "[-1]", "[*]", "[1:2]", "[0,1]", "[?(@.a)]", "[?(@.a == 'x')]",
    "[?(@.a =~ /x/i)]", "(", ")", "[", "]", "?", "@", "*", "'", '"', "/", "{$ctx:x}", ".length()", ".sum()",
    ".keys()", "$ctx:x", "&&", "||", "!", ",", ":", "é", " ",
])
PARTS = st.sampled_from([
    "payload", "$", "vars.a", "headers.h", "props.synapse.x", ".a", ".b", "[0]", "[-1:]", "['k']", "[*]", "..a",
    "[?(@.a > 1)]", "[?(@.a)]", "@", "(", ")", "+", "-", "*", "/", "%", "==", "<", "&&", "or", "!", "?", ":", "'s'",
    "1", "2.5", "true", "null", "[1,2]", "length(", "toUpper(", "split(", "object(", "exists(", "round(", "pow(",
    "now()", ",", ".length()", ".first()", " in ", "=~", "/x/i", "]", "[", "é", " ",
])
# fmt: on
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def evaluate(text: str, payload: Payload) -> None:
    try:
        expression = compile_expression(text, {"b": "urn:b"})
        ctx = message(payload, properties={"x": '{"a":1}'}, headers={"h": "1"})
        expression.string(ctx)
        expression.boolean(ctx)
    except EsbError:
        pass


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_xpath(text: str):
    evaluate(text, json('{"a":{"b":[1,null]}}'))


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=6).map("".join))
def test_jsonpath(path: str):
    evaluate(f"json-eval({path})", json('{"a":[{"b":1,"a":"x"},null,[2]],"b":{}}'))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab()[]{}*+?|\\^$.,1<>=!:&pPZ", max_size=12), st.text(max_size=5))
def test_regular_expressions(pattern: str, text: str):
    try:
        compile_regex(pattern).fullmatch(text)
    except (EsbError, UnicodeEncodeError):
        pass


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_can_be_looked_at_as_xml_and_written_in_any_type(value: object):
    for media in ("application/xml", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            payload = Payload()
            payload.replace_json([value])
            assert payload.json() == [value]
            payload.changed()
            payload.format(media)
            payload.json()
        except EsbError:
            pass


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=40) | st.sampled_from([b"<a>1</a>", b'{"a":1}', b"a=1&b", b"--b\r\n\r\nx\r\n--b--"]),
    st.sampled_from(
        [
            "text/xml",
            "application/soap+xml",
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "chat",
        ]
    )
    | st.builds(
        "multipart/{}; boundary={}".format, st.sampled_from(["form-data", "related"]), st.sampled_from(["b", '"', "é"])
    ),
    st.sampled_from(["", "; charset=utf-16", "; charset=latin-1", "; charset=nonsense", "; charset=base64"]),
)
def test_any_body_under_any_content_type(raw: bytes, content_type: str, charset: str):
    for use in (
        lambda payload: payload.envelope,
        lambda payload: payload.json(),
        lambda payload: payload.is_fault,
        lambda payload: payload.as_frame(),
        lambda payload: payload.as_frame("text/plain"),
        lambda payload: (payload.changed(), payload.format()),
    ):
        try:
            use(Payload(raw, content_type + charset))
        except EsbError:
            pass


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=7).map("".join))
def test_synapse_expressions(text: str):
    evaluate(f"${{{text}}}", json('{"a":[{"b":1,"a":"x"},null,[2]],"b":{}}'))
