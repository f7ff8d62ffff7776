"""``?swagger.json``."""

import json

from mediation.api import Cors, DirectAnswer
from mediation.payloads.xml import SYNAPSE_NS

from .support import api, chosen, find, resource

ENTRY = f'<localEntry xmlns="{SYNAPSE_NS}" key="conf:/shop.json">{{"openapi": "3.1.0"}}</localEntry>'


def described(*artifacts: str, path: str = "/a?swagger.json", **headers: str) -> DirectAnswer:
    found = find(path, *artifacts, Host="esb:8280", **headers)
    assert isinstance(found, DirectAnswer)
    return found


def test_a_description_is_made_of_the_resources():
    shop = api(
        resource('methods="GET POST" uri-template="/o/{id}?state={state}" content-type="text/xml"')
        + resource('methods="DELETE" url-mapping="/x/*"')
        + resource(),
        more='version="2" version-type="url"',
    )
    answer = described(shop, path="/a/2?swagger.json")

    document = json.loads(answer.body)
    assert answer.fields == (("Content-Type", "application/json; charset=UTF-8"),)
    assert document["info"] == {"title": "a", "version": "2"}
    assert document["servers"] == [{"url": "http://esb:8280/a/2"}]
    assert {path: sorted(operations) for path, operations in document["paths"].items()} == {
        "/o/{id}": ["get", "post"],
        "/x/*": ["delete"],
        "/*": ["delete", "get", "post", "put"],
    }
    operation = document["paths"]["/o/{id}"]["post"]
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [("id", "path"), ("state", "query")]
    assert list(operation["requestBody"]["content"]) == ["text/xml"]


def test_the_document_that_is_published_goes_before():
    assert described(api(more='publishSwagger="conf:/shop.json"'), ENTRY).body == b'{"openapi": "3.1.0"}'


def test_a_published_document_that_is_not_there_is_a_404():
    assert described(api(more='publishSwagger="nowhere"')) == DirectAnswer(404)


def test_as_yaml_it_is_the_same():
    answer = described(api(), path="/a/?swagger.yaml")

    assert answer.fields == (("Content-Type", "application/yaml; charset=UTF-8"),)
    assert json.loads(answer.body)["openapi"] == "3.0.1"


def test_pages_of_other_origins_may_read_it_if_they_may_use_the_api():
    answer = described(api(), cors=Cors(("*",)), Origin="https://docs.example")

    assert ("Access-Control-Allow-Origin", "*") in answer.fields


def test_only_a_get_of_the_context_asks_for_it():
    named = api(resource('inSequence="s"', ""))

    assert chosen("/a?swagger.json", named, method="POST") == "s"
    assert chosen("/a/x?swagger.json", named) == "s"
    assert chosen("/a?swagger.json=1", named) == "s"
