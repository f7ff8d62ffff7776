"""Endpoints whose host a message names obey the list of allowed addresses; all others do not ask."""

import pytest

from mediation.errors import EndpointError, InvalidAddress
from mediation.transports.addresses import ADDRESSES

from .support import answer, endpoint, message


@pytest.fixture(autouse=True)
def allowed():
    ADDRESSES.allow(["http://good/"])
    yield
    ADDRESSES.allow(())


NAMED = [
    '<address uri="${where}"/>',
    '<address uri="http://${host}/x"/>',
    '<http uri-template="{uri.var.where}"/>',
    '<http uri-template="http://{uri.var.host}/x"/>',
    '<http uri-template="http://good{+uri.var.host}"/>',
    "<default/>",
    "<recipientlist><endpoints value=\"{get-property('where')}\"/></recipientlist>",
]


def asking_for(host):
    ctx = message()
    ctx.to = f"http://{host}/x"
    for name in ("where", "uri.var.where"):
        ctx.set(name, f"http://{host}/x")
    for name in ("host", "uri.var.host"):
        ctx.set(name, host)
    return ctx


@pytest.mark.parametrize("inner", NAMED)
async def test_a_host_that_is_not_on_the_list_is_never_asked(network, inner):
    target = endpoint(inner)
    with pytest.raises(EndpointError) as refused:
        await answer(target, asking_for("evil"))
    assert isinstance(refused.value, InvalidAddress)
    assert refused.value.code == 101500
    assert network.uris == []
    assert target.is_ready(message()), "one message does not stop the others"


@pytest.mark.parametrize("inner", [inner for inner in NAMED if "good{+" not in inner])
async def test_a_host_on_the_list_is(network, inner):
    assert await answer(endpoint(inner), asking_for("good")) == "http://good/x"


@pytest.mark.parametrize(
    ("inner", "uri"),
    [
        ('<address uri="http://fixed/a"/>', "http://fixed/a"),
        ('<address uri="http://fixed/${host}"/>', "http://fixed/@evil/"),
        ('<http uri-template="http://fixed/{uri.var.host}"/>', "http://fixed/%40evil%2F"),
        ('<http uri-template="http://fixed/{+uri.var.host}"/>', "http://fixed/@evil/"),
    ],
)
async def test_a_host_that_the_configuration_names_needs_no_entry(network, inner, uri):
    assert await answer(endpoint(inner), asking_for("@evil/")) == uri
