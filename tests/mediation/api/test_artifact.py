"""``<api>``: what it takes, and what is said of mistakes."""

import pytest

from mediation.api import Api, Cors
from mediation.compiler import compile_artifact
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from tests.mediation.support import compiled

from .support import api, resource


def mistakes(xml: str) -> list[str]:
    compilation = compile_artifact(parse_xml(xml))
    return [finding.message for finding in (*compilation.errors, *compilation.not_runnable)]


def warnings(xml: str) -> list[str]:
    return [finding.message for finding in compile_artifact(parse_xml(xml)).warnings]


def test_an_api_without_a_version():
    found = compiled(api(resource('methods="GET POST" uri-template="/x/{y}"'), context="/shop/", name="shop"))

    assert isinstance(found, Api)
    assert (found.name, found.context, found.version, found.prefix) == ("shop", "/shop", "", "/shop")
    assert found.schemes == {"http", "https"}
    [(first, service)] = found.resources
    assert (first.methods, first.mapping) == (("GET", "POST"), "/x/{y}")
    assert (service.label, service.caption) == ("api:shop", "Rest API Context : /shop")


def test_a_version_is_part_of_the_name_and_of_the_paths():
    by_url = compiled(api(context="/a", more='version="1.0" version-type="url"'))
    by_context = compiled(api(context="/{version}/a", more='version="1.0" version-type="context"'))

    assert (by_url.name, by_url.context, by_url.prefix) == ("a:v1.0", "/a", "/a/1.0")
    assert (by_context.name, by_context.context, by_context.prefix) == ("a:v1.0", "/1.0/a", "/1.0/a")


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (f'<api xmlns="{SYNAPSE_NS}" context="/a"/>', "Attribute 'name' is required for an API definition"),
        (f'<api xmlns="{SYNAPSE_NS}" name="a"/>', "Attribute 'context' is required for an API definition"),
        (api(context="a"), "API context must begin with '/' character"),
        (api(""), "An API must contain at least one resource definition"),
        (api(more='version="1"'), "Attribute 'version-type' is required for an API definition"),
        (api(more='version="1" version-type="path"'), '<api> version-type "path" is not one of url, context'),
        (api(more='transports="jms"'), "Invalid protocol name: jms"),
        (api(more='port="x"'), '<api> port "x" is not a whole number'),
        (api(resource('methods="GET FETCH"')), "Invalid or duplicate method definition for resource"),
        (api(resource('content-type="xml"')), "Invalid content type: xml"),
        (api(resource('protocol="ftp"')), "Invalid protocol name: ftp"),
        (api(resource() * 2), "Only one resource can be designated as default"),
        (
            api(resource('methods="GET" uri-template="/x"') + resource('methods="POST GET" uri-template="/x"')),
            "Two resources cannot have the same path mapping and methods",
        ),
        (
            api(more='validateSchema="true"'),
            "validateSchema of an API is kept, but cannot run in this version: use the mediator <validate>",
        ),
        (
            api('<resource/><handlers><handler class="org.x.Guard"/></handlers>'),
            "the API handler org.x.Guard is kept, but cannot run in this version",
        ),
    ],
)
def test_what_is_wrong_is_said(xml: str, mistake: str):
    assert mistakes(xml) == [mistake]


def test_one_path_may_have_resources_for_different_methods():
    both = resource('methods="GET" uri-template="/x"') + resource('methods="POST" uri-template="/x"')

    assert len(compiled(api(both)).resources) == 2


def test_what_is_ignored_is_said():
    assert warnings(api('<resource url-pattern="/x"/>')) == [
        '<resource> does not know the attribute "url-pattern"; it is ignored'
    ]


def test_the_cors_handler_is_built_in_whatever_its_package():
    handler = """<handlers><handler class="org.wso2.carbon.apimgt.gateway.handlers.security.CORSRequestHandler">
        <property name="allowedOrigins" value="https://a.example, https://b.example"/>
        <property name="allowHeaders" value="authorization"/>
        <property name="allowedMethods" value="GET"/>
        <property name="allowCredentials" value="true"/>
    </handler></handlers>"""

    assert compiled(api(f"<resource/>{handler}")).cors == Cors(
        ("https://a.example", "https://b.example"), "authorization", "GET", True
    )


def test_the_handler_for_passwords_is_built_in_and_warns_of_clear_text():
    handler = '<handlers><handler class="org.wso2.x.RESTBasicAuthHandler"/></handlers>'

    assert compiled(api(f"<resource/>{handler}")).access.schemes == ("basic",)
    assert warnings(api(f"<resource/>{handler}")) == [
        'passwords travel in clear text over http; transports="https", or a TLS proxy'
    ]
    assert warnings(api(f"<resource/>{handler}", more='transports="https"')) == []


def test_inbound_endpoints_are_references():
    xml = api(more='binds-to="default, chat"')
    assert [(each.kind, each.name) for each in compile_artifact(parse_xml(xml)).references] == [
        ("inboundEndpoint", "chat")
    ]


def test_sequences_of_resources_are_references():
    xml = api(resource('inSequence="i" outSequence="o" faultSequence="f"', ""))

    assert [each.name for each in compile_artifact(parse_xml(xml)).references] == ["i", "o", "f"]
