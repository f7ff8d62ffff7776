"""Template endpoints: what becomes of the parameters."""

import pytest

from mediation.errors import EndpointError, EndpointNotFound

from .support import answer, endpoint, message

TEMPLATE = """<template xmlns="http://ws.apache.org/ns/synapse" name="t">
    <parameter name="uri"/><parameter name="uriPath"/><parameter name="timeout"/>
    <endpoint name="$name"><http method="get" uri-template="$uri/$uriPath">
        <timeout><duration>$timeout</duration><responseAction>fault</responseAction></timeout>
    </http></endpoint></template>"""

USE = '<parameter name="uriPath" value="a&amp;b"/><parameter name="timeout" value="{}"/>'


def use(timeout="1500"):
    return endpoint(USE.format(timeout), 'name="e" template="t" uri="http://h"')


async def test_parameters_are_filled_in(network):
    assert await answer(use(), message(TEMPLATE)) == "http://h/a&b"
    [(_, _, options)] = network.sent
    assert (options.method, options.timeout) == ("GET", 1.5)


async def test_a_parameter_may_be_an_expression_of_the_template(network):
    ctx = message(TEMPLATE)
    ctx.set("patience", "2500")
    await answer(use("{get-property('patience')}"), ctx)
    assert network.sent[0][2].timeout == 2.5


async def test_a_template_that_changes_is_filled_in_again(network):
    target, ctx = use(), message(TEMPLATE)
    await answer(target, ctx)
    first = target.resolve(ctx)
    assert target.resolve(ctx) is first
    ctx.environment.deploy(TEMPLATE.replace("$uri/", "$uri/new/"))
    assert await answer(target, ctx) == "http://h/new/a&b"


def test_a_template_that_is_not_there_is_305100(network):
    with pytest.raises(EndpointNotFound, match="Couldn't find the endpoint with the key : t") as failure:
        use().send(message())
    assert failure.value.code == 305100


def test_a_template_that_makes_no_endpoint_fails_the_message(network):
    with pytest.raises(
        EndpointError, match='the endpoint template t cannot be used: <duration> "soon" is not a number'
    ):
        use("soon").send(message(TEMPLATE))


async def test_a_group_leaves_out_a_template_that_makes_no_endpoint(network):
    broken = f'<endpoint name="e" template="t" uri="http://h">{USE.format("soon")}</endpoint>'
    group = endpoint(f'<failover>{broken}<endpoint><address uri="http://two/"/></endpoint></failover>')
    assert await answer(group, message(TEMPLATE)) == "http://two/"
