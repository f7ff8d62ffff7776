"""Endpoints by name, computed names, and fault sequences of endpoints."""

import pytest

from mediation.errors import EndpointNotFound

from .support import answer, endpoint, message


async def test_the_name_may_be_computed(network):
    ctx = message('<endpoint name="stock"><address uri="http://stock/"/></endpoint>')
    target = endpoint("", 'name="e" key-expression="get-property(\'target\')"')
    ctx.set("target", "stock")
    assert await answer(target, ctx) == "http://stock/"
    ctx.set("target", "gone")
    assert not target.is_ready(ctx)
    with pytest.raises(EndpointNotFound, match="Couldn't find the endpoint with the key : gone"):
        await answer(target, ctx)
