"""``<builder>``: a body is parsed here, or found to be none."""

import pytest

from mediation.errors import PayloadError

from .support import mediator, message


@pytest.mark.parametrize(("body", "kind"), [("<a/>", "text/xml"), ('{"a": 1}', "application/json"), (None, None)])
def test_the_body_is_built_and_leaves_as_it_came(body: str | None, kind: str | None) -> None:
    ctx = message(body, kind)
    xml = '<builder><messageBuilder contentType="text/xml" class="org.apache.axis2.builder.SOAPBuilder"/></builder>'
    assert mediator(xml).mediate(ctx) is True
    assert ctx.payload.is_built
    assert ctx.payload.raw == body


@pytest.mark.parametrize(("body", "kind"), [("<a", "text/xml"), ("{", "application/json")])
def test_a_body_that_is_none_is_a_fault(body: str, kind: str) -> None:
    with pytest.raises(PayloadError):
        mediator("<builder/>").mediate(message(body, kind))
