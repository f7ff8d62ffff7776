"""URI templates: what is expanded here is what the library would make of it."""

import pytest
from uritemplate import URITemplate

from mediation.endpoints.uri_template import UriTemplate

TEMPLATES = [
    "http://h/a",
    "http://h/{uri.var.a}",
    "http://h/{+uri.var.a}/x",
    "{+uri.var.a}",
    "http://{uri.var.a}:{uri.var.b}/{+query.param.c}{uri.var.a}",
    "http://h/{?query.param.c}",
    "http://h/{uri.var.a,uri.var.b}",
    "http://h/{/uri.var.a}",
    "http://h/{uri.var.a",
    "http://h/}{uri.var.a}{",
    "http://h/{other}/{uri.var.none}",
    "http://h/ä b%2F{uri.var.a}",
]

VALUES = ["", "plain", "a b/c?d", "50%", "a%20b", "%zz", "ä€", "!*'();:@&=+$,/?#[]", "~._-", 'x"<>\\^`{|}', "\n"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("value", VALUES)
def test_it_expands_as_the_library_does(template, value):
    properties = {"uri.var.a": value, "uri.var.b": 7, "query.param.c": f"<{value}", "other": "not seen"}
    seen = {name: str(each) for name, each in properties.items() if name != "other"}
    assert UriTemplate(template).expand(properties) == URITemplate(template).expand(seen)


def test_variables_are_told():
    assert UriTemplate("http://h/{uri.var.a}").has_variables
    assert not UriTemplate("http://h/a").has_variables
