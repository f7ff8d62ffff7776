"""Which API and which resource take a request."""

import pytest

from mediation.api import DirectAnswer, Dispatched
from mediation.payloads.xml import SYNAPSE_NS

from .support import api, chosen, find, properties, resource


def named(sequence: str, attributes: str = "") -> str:
    return resource(f'{attributes} inSequence="{sequence}"', "")


def sequence(name: str) -> str:
    return f'<sequence xmlns="{SYNAPSE_NS}" name="{name}"/>'


# -- which API


@pytest.mark.parametrize("path", ["/a", "/a/", "/a?x=1", "/a/b/c?x=1"])
def test_an_api_takes_what_begins_with_its_context(path: str):
    assert chosen(path, api(named("s"))) == "s"


@pytest.mark.parametrize("path", ["/", "/ab", "/A", "/b/a"])
def test_an_api_takes_nothing_else(path: str):
    assert find(path, api(named("s"))) is None


def test_the_longest_context_counts():
    apis = (api(named("short"), "/a"), api(named("long"), "/a/b", "b"), api(named("all"), "/", "c"))

    assert chosen("/a/b/c", *apis) == "long"
    assert chosen("/a/bc", *apis) == "short"
    assert chosen("/x", *apis) == "all"


VERSIONS = (
    api(named("plain"), name="a"),
    api(named("one"), name="b", more='version="1.0.0" version-type="url"'),
    api(named("two"), "/a/{version}/x", "c", 'version="2" version-type="context"'),
)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("/a/1.0.0", "one"),
        ("/a/1.0.0/foo?a=http://x", "one"),
        ("/a/1.0.0?a=5", "one"),
        ("/a/1.0.1/foo", "plain"),
        ("/a/1.0.0.0", "plain"),
        ("/a/2/x/y", "two"),
        ("/a/2/y", "plain"),
    ],
)
def test_a_version_counts_before_the_context_alone(path: str, taken: str):
    assert chosen(path, *VERSIONS) == taken


def test_a_host_and_a_port_are_those_of_the_host_field():
    guarded = api(named("s"), more='hostname="shop.example" port="8280"')

    assert chosen("/a", guarded, Host="shop.example:8280") == "s"
    assert find("/a", guarded, Host="shop.example") is None
    assert find("/a", guarded, Host="other.example:8280") is None
    assert find("/a", guarded) is None
    assert chosen("/a", api(named("s"), more='port="443"'), scheme="https", Host="x") == "s"


def test_addresses_of_ipv6_are_hosts():
    assert chosen("/a", api(named("s"), more='hostname="[::1]" port="8280"'), Host="[::1]:8280") == "s"


@pytest.mark.parametrize("host", ["x:" + "1" * 5000, "x:y", "", ":80"])
def test_a_host_that_is_none_meets_no_condition(host: str):
    assert find("/a", api(named("s"), more='port="8280"'), Host=host) is None


def test_a_path_of_thousands_of_slashes_is_looked_at_as_deep_as_contexts_are():
    assert chosen("/" * 50_000, api(named("root"), "/"), api(named("s"), "/a/b/c", "b")) == "root"
    assert chosen("/a/b/c" + "/" * 50_000, api(named("root"), "/"), api(named("s"), "/a/b/c", "b")) == "s"


def test_a_transport_may_be_demanded():
    assert find("/a", api(named("s"), more='transports="https"')) is None
    assert chosen("/a", api(named("s"), more='transports="https"'), scheme="https") == "s"


def test_an_api_of_an_inbound_endpoint_is_not_on_the_server_s_ports():
    bound = api(named("s"), more='binds-to="listener, other"')

    assert find("/a", bound) is None
    assert chosen("/a", bound, caller="listener") == "s"


# -- which resource


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("/a/x", "exact"),
        ("/a/x/", "exact"),
        ("/a/x?q=1", "exact"),
        ("/a/x/y", "prefix"),
        ("/a/x/y/z.jsp", "longer"),
        ("/a/q/z.jsp?a=1", "extension"),
        ("/a/t/1", "template"),
        ("/a/else", "default"),
        ("/a", "default"),
    ],
)
def test_mappings_count_before_templates_and_those_before_the_default(path: str, taken: str):
    resources = (
        named("default")
        + named("template", 'uri-template="/t/{id}"')
        + named("extension", 'url-mapping="*.jsp"')
        + named("prefix", 'url-mapping="/x/*"')
        + named("longer", 'url-mapping="/x/y/z.jsp/*"')
        + named("exact", 'url-mapping="/x"')
    )
    assert chosen(path, api(resources)) == taken


def test_templates_are_tried_in_their_order():
    resources = named("one", 'uri-template="/{x}"') + named("two", 'uri-template="/special"')

    assert chosen("/a/special", api(resources)) == "one"


def test_a_resource_may_ask_for_a_method_a_content_type_and_an_agent():
    resources = (
        named("get", 'methods="GET" uri-template="/x"')
        + named("xml", 'methods="POST" uri-template="/x" content-type="application/xml"')
        + named("curl", 'methods="PUT" uri-template="/x" user-agent="curl.*"')
    )
    shop = api(resources)

    assert chosen("/a/x", shop) == "get"
    assert chosen("/a/x", shop, method="POST", Content_Type="application/xml", Content_Length="5") == "xml"
    assert chosen("/a/x", shop, method="POST", Content_Length="0") == "xml"
    assert chosen("/a/x", shop, method="PUT", User_Agent="curl/8") == "curl"


# -- what no resource takes


def test_a_path_of_no_resource_is_404():
    assert find("/a/y", api(resource('uri-template="/x"'))) == DirectAnswer(404)


def test_a_method_of_no_resource_is_405_and_says_which_there_are():
    answer = find("/a/x", api(resource('methods="GET PUT" uri-template="/x"')), method="POST")

    assert answer == DirectAnswer(405, (("Allow", "GET, PUT"),))


def test_a_content_type_that_nobody_takes_is_400():
    picky = api(resource('uri-template="/x" content-type="text/xml"'))

    assert find("/a/x", picky, method="POST", Content_Type="text/plain", Content_Length="5") == DirectAnswer(400)


def test_handler_sequences_answer_instead():
    handlers = (sequence("_resource_mismatch_handler_"), sequence("_method_not_allowed_handler_"))
    shop = api(resource('methods="GET" uri-template="/x"'))

    assert chosen("/a/y", shop, *handlers) == "_resource_mismatch_handler_"
    assert chosen("/a/x", shop, *handlers, method="POST") == "_method_not_allowed_handler_"


@pytest.mark.parametrize("query", ["x=%zz", "x=%1", "y=1&x=%"])
def test_an_escape_that_is_none_is_400(query: str):
    assert find(f"/a?{query}", api()) == DirectAnswer(400)


# -- OPTIONS


def test_options_are_answered_with_the_methods_of_the_resource():
    shop = api(resource('methods="GET POST" uri-template="/x"') + resource())

    assert find("/a/x", shop, method="OPTIONS") == DirectAnswer(200, (("Allow", "GET, POST"),))
    assert find("/a", shop, method="OPTIONS") == DirectAnswer(200, (("Allow", "GET, POST, PUT, DELETE"),))


def test_a_resource_may_want_options_for_itself():
    own = api(named("s", 'methods="OPTIONS GET"'))

    assert chosen("/a", own, method="OPTIONS") == "s"
    assert chosen("/a", own, method="OPTIONS", Max_Forwards="1") == "s"
    assert chosen("/a", own, method="OPTIONS", Max_Forwards="0") == 200
    assert chosen("/a", own, method="OPTIONS", Max_Forwards="0" * 5000) == "s"


# -- what sequences get to know


def test_properties_of_a_request():
    shop = api(resource('uri-template="/x/{id}?q={q}"'), more='version="1" version-type="url"')
    found = find("/a/1/x/7?q=a%20b", shop, Host="h:8280")

    assert isinstance(found, Dispatched)
    assert found.postfix == "/x/7?q=a%20b"
    assert found.properties == {
        "REST_FULL_REQUEST_PATH": "/a/1/x/7?q=a%20b",
        "REST_SUB_REQUEST_PATH": "/x/7?q=a%20b",
        "REST_API_CONTEXT": "/a",
        "REST_METHOD": "GET",
        "REST_URL_PREFIX": "http://h:8280",
        "SYNAPSE_REST_API": "a:v1",
        "SYNAPSE_REST_API_VERSION": "1",
        "SYNAPSE_REST_API_VERSION_STRATEGY": "url",
        "query.param.q": "a b",
        "uri.var.id": "7",
        "uri.var.q": "a b",
    }


def test_without_more_in_the_path_the_rest_is_the_root():
    assert properties("/a", api())["REST_SUB_REQUEST_PATH"] == "/"


def test_an_ampersand_without_a_name_belongs_to_the_value_before_it():
    found = properties("/a?x=1&2&y=a+b&=z", api())

    assert (found["query.param.x"], found["query.param.y"]) == ("1&2", "a b")
