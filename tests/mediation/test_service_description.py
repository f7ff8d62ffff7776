"""``?wsdl`` of proxy services."""

import asyncio

import pytest
from aiohttp import web
from lxml import etree

from mediation.compiler import compile_artifact
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.service_description import NoDescription, describe, generated
from mediation.transports.http import HTTP
from tests.mediation.http_backend import http_backend
from tests.mediation.support import DictEnvironment, compiled

WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
        xmlns:xs="http://www.w3.org/2001/XMLSchema">
    <wsdl:types>
        <xs:schema><xs:import schemaLocation="types/a b.xsd"/><xs:include schemaLocation="x.xsd"/></xs:schema>
    </wsdl:types>
    <wsdl:service name="S"><wsdl:port name="P"><s:address location="http://back-end/"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""
XSD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'
ADDRESS = "http://esb:8280/services/p"


def proxy(publish: str) -> str:
    return (
        f'<proxy xmlns="{SYNAPSE_NS}" name="p"><target inSequence="s"/>{publish}'
        '<parameter name="x">y</parameter></proxy>'
    )


def entry(key: str, value: str) -> str:
    return f'<localEntry xmlns="{SYNAPSE_NS}" key="{key}">{value}</localEntry>'


def mistakes(publish: str) -> list[str]:
    compilation = compile_artifact(parse_xml(proxy(publish)))
    return [finding.message for finding in (*compilation.errors, *compilation.not_runnable)]


async def described(publish: str, *entries: str, query: str = "wsdl", keep: bool = False) -> etree._Element:
    published = compiled(proxy(publish)).wsdl
    return parse_xml(await describe(published, query, ADDRESS, DictEnvironment(*entries), keep_addresses=keep))


def location(document: etree._Element) -> str | None:
    [address] = document.iter("{*}address")
    return address.get("location")


async def test_a_document_inside_has_the_address_of_the_service():
    assert location(await described(f"<publishWSDL>{WSDL}</publishWSDL>")) == ADDRESS


async def test_the_addresses_of_a_document_may_stay():
    assert location(await described(f"<publishWSDL>{WSDL}</publishWSDL>", keep=True)) == "http://back-end/"


async def test_publishing_leaves_the_configuration_as_it_is():
    published = compiled(proxy(f"<publishWSDL>{WSDL}</publishWSDL>")).wsdl
    await describe(published, "wsdl", ADDRESS, DictEnvironment())

    assert location(published.inline) == "http://back-end/"


@pytest.mark.parametrize(
    ("attribute", "key"),
    [('key="w"', "w"), ('uri="conf:/w"', "conf:/w"), ('uri="file:samples/w.wsdl"', "/samples/w.wsdl")],
)
async def test_a_document_may_be_an_entry_or_a_resource_of_the_registry(attribute: str, key: str):
    assert location(await described(f"<publishWSDL {attribute}/>", entry(key, WSDL))) == ADDRESS


async def test_text_that_is_xml_will_do():
    assert location(await described('<publishWSDL key="w"/>', entry("w", f"<![CDATA[{WSDL}]]>"))) == ADDRESS


async def test_imported_documents_are_at_the_service_too():
    publish = '<publishWSDL key="w"><resource location="types/a b.xsd" key="types"/></publishWSDL>'
    entries = (entry("w", WSDL), entry("types", XSD))

    document = await described(publish, *entries)
    imported, included = (part.get("schemaLocation") for part in document.iter("{*}import", "{*}include"))
    assert (imported, included) == (f"{ADDRESS}?xsd=types/a%20b.xsd", "x.xsd")
    assert (await described(publish, *entries, query="xsd=types/a%20b.xsd")).tag.endswith("}schema")


@pytest.mark.parametrize(
    ("publish", "query"),
    [
        ('<publishWSDL key="none"/>', "wsdl"),
        ('<publishWSDL key="broken"/>', "wsdl"),
        ('<publishWSDL key="w"/>', "xsd=x.xsd"),
        ('<publishWSDL key="w"><resource location="x.xsd" key="none"/></publishWSDL>', "xsd=x.xsd"),
        ('<publishWSDL uri="http://127.0.0.1:9/none"/>', "wsdl"),
    ],
)
async def test_what_is_not_there_or_no_xml_is_no_description(publish: str, query: str):
    with pytest.raises(NoDescription):
        await described(publish, entry("w", WSDL), entry("broken", "text"), query=query)
    await HTTP.aclose()


async def test_a_document_behind_an_address_is_fetched_once():
    async with http_backend() as backend:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(0)
            return web.Response(text=WSDL, content_type="text/xml")

        backend.answer = answer
        published = compiled(proxy(f'<publishWSDL uri="{backend.url}/s?wsdl"/>')).wsdl
        asked = [describe(published, "wsdl", ADDRESS, DictEnvironment()) for _ in range(3)]
        assert {location(parse_xml(document)) for document in await asyncio.gather(*asked)} == {ADDRESS}
        assert len(backend.seen) == 1
    await HTTP.aclose()


async def test_a_document_that_cannot_be_fetched_is_not_asked_for_by_each_client():
    async with http_backend() as backend:
        backend.answers(status=500)
        published = compiled(proxy(f'<publishWSDL uri="{backend.url}/s?wsdl"/>')).wsdl
        for _ in range(3):
            with pytest.raises(NoDescription, match="500"):
                await describe(published, "wsdl", ADDRESS, DictEnvironment())
        assert len(backend.seen) == 1
    await HTTP.aclose()


@pytest.mark.parametrize(
    ("publish", "mistake"),
    [
        ("<publishWSDL/>", '<publishWSDL> needs the attribute "uri" or "key", or a document'),
        (
            '<publishWSDL key="w"><resource key="x"/></publishWSDL>',
            '<resource> needs the attributes "location" and "key"',
        ),
    ],
)
def test_what_is_wrong_is_said(publish: str, mistake: str):
    assert mistakes(publish) == [mistake]


def test_that_of_an_endpoint_is_generated_instead():
    compilation = compile_artifact(parse_xml(proxy('<publishWSDL endpoint="e"/>')))

    assert compilation.artifact is not None
    assert compilation.artifact.wsdl is None
    assert [each.message for each in compilation.warnings] == ["publishWSDL by endpoint has no effect; use key or uri"]


def test_a_generated_description_has_a_port_for_each_version_of_soap():
    document = parse_xml(generated("a&b", "https://esb/services/a%26b", "https"))

    assert [part.get("location") for part in document.iter("{*}address")] == [
        "https://esb/services/a%26b.a%26bHttpsSoap11Endpoint",
        "https://esb/services/a%26b.a%26bHttpsSoap12Endpoint",
    ]
    assert document.find("{*}service").get("name") == "a&b"
