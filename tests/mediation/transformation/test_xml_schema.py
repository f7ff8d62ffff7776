import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from mediation.child_processes import ChildPool
from mediation.errors import MediationError
from mediation.transformation.processor import WORKER, Processor
from mediation.transformation.xml_schema import xml_schema
from tests.mediation.support import DictEnvironment

from .support import entry

XS = "http://www.w3.org/2001/XMLSchema"


@pytest_asyncio.fixture
async def processor() -> AsyncIterator[Processor]:
    processor = Processor()
    processor._pools = {"libxml": ChildPool((*WORKER, "libxml", str(512 * 1024 * 1024)), size=1)}
    processor._seconds = 1.0
    yield processor
    await processor.aclose()


def schema(content: str, namespace: str = "") -> str:
    target = f' targetNamespace="{namespace}" xmlns="{namespace}"' if namespace else ""
    return f'<xs:schema xmlns:xs="{XS}"{target}>{content}</xs:schema>'


NAME = """<xs:simpleType name="name"><xs:restriction base="xs:string"><xs:maxLength value="3"/></xs:restriction>
</xs:simpleType>"""


async def mistakes(processor: Processor, document: str, *keys: str, **schemas: str) -> list[str]:
    environment = DictEnvironment(*(entry(key.replace("__", ":/"), text) for key, text in schemas.items()))
    program = xml_schema(keys or ("main",), environment, {"mapped.xsd": "other"})
    found: list[str] = json.loads(await processor.run(program, document.encode()))
    return found


async def test_all_mistakes_are_found(processor: Processor):
    main = schema(
        '<xs:element name="a"><xs:complexType><xs:attribute name="n" type="xs:int"/></xs:complexType></xs:element>'
    )
    assert await mistakes(processor, '<a n="1"/>', main=main) == []
    found = await mistakes(processor, '<a n="x" m=""/>', main=main)
    assert len(found) == 2
    assert "'x' is not a valid value of the atomic type 'xs:int'" in found[0]


@pytest.mark.parametrize("location", ["other", "mapped.xsd"])
async def test_a_schema_is_included_by_key_or_resource(processor: Processor, location: str):
    main = schema(f'<xs:include schemaLocation="{location}"/><xs:element name="a" type="name"/>')
    assert len(await mistakes(processor, "<a>long</a>", main=main, other=schema(NAME))) == 1
    assert await mistakes(processor, "<a>ok</a>", main=main, other=schema(NAME)) == []


async def test_a_schema_is_found_beside_the_one_that_includes_it(processor: Processor):
    main = schema('<xs:include schemaLocation="../types.xsd"/><xs:element name="a" type="name"/>')
    schemas = {"conf__x/main": main, "conf__types.xsd": schema(NAME)}
    assert await mistakes(processor, "<a>ok</a>", "conf:/x/main", **schemas) == []


async def test_schemas_that_include_each_other(processor: Processor):
    main = schema('<xs:include schemaLocation="other"/><xs:element name="a" type="name"/>')
    other = schema(f'<xs:include schemaLocation="main"/>{NAME}')
    assert await mistakes(processor, "<a>ok</a>", main=main, other=other) == []


async def test_attributes_of_the_namespace_xml_are_known(processor: Processor):
    imported = (
        '<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>'
    )
    element = '<xs:element name="a"><xs:complexType><xs:attribute ref="xml:lang"/></xs:complexType></xs:element>'
    assert await mistakes(processor, '<a xml:lang="en"/>', main=schema(imported + element)) == []


async def test_an_import_that_is_not_there_is_not_missed_until_it_is_needed(processor: Processor):
    imported = '<xs:import namespace="urn:x" schemaLocation="http://localhost/x.xsd"/>'
    assert await mistakes(processor, "<a/>", main=schema(imported + '<xs:element name="a"/>')) == []
    needed = '<xs:element name="a" type="x:t" xmlns:x="urn:x"/>'
    with pytest.raises(MediationError):
        await mistakes(processor, "<a/>", main=schema(imported + needed))


@pytest.mark.parametrize("namespaces", [("urn:1", "urn:2"), ("urn:1", "urn:1"), ("", "urn:1"), ("", "")])
async def test_several_schemas_count_together(processor: Processor, namespaces: tuple[str, str]):
    one, two = (
        schema(f'<xs:element name="{name}" type="xs:int"/>', namespace)
        for name, namespace in zip("ab", namespaces, strict=True)
    )
    for name, namespace in zip("ab", namespaces, strict=True):
        for text, count in (("1", 0), ("x", 1)):
            document = f'<{name} xmlns="{namespace}">{text}</{name}>' if namespace else f"<{name}>{text}</{name}>"
            assert len(await mistakes(processor, document, "one", "two", one=one, two=two)) == count


@pytest.mark.parametrize(
    "schemas",
    [
        {},
        {"main": "words"},
        {"main": "<not-a-schema/>"},
        {"main": schema('<xs:include schemaLocation="file:///etc/passwd"/>')},
        {"main": schema('<xs:element name="a" type="missing"/>')},
    ],
)
async def test_what_is_no_schema_is_refused(processor: Processor, schemas: dict[str, str]):
    with pytest.raises(MediationError):
        await mistakes(processor, "<a/>", **schemas)


async def test_a_pattern_that_takes_for_ever_is_stopped(processor: Processor):
    pattern = '<xs:restriction base="xs:string"><xs:pattern value="(a|aa)+b"/></xs:restriction>'
    main = schema(f'<xs:element name="a"><xs:simpleType>{pattern}</xs:simpleType></xs:element>')
    with pytest.raises(MediationError):
        await mistakes(processor, f"<a>{'a' * 60}</a>", main=main)
