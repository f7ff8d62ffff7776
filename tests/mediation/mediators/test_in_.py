from tests.mediation.mediators.support import mediator, message

IN = mediator('<in><property name="seen" value="yes"/><drop/></in>')


def test_a_request_runs_the_mediators_inside():
    ctx = message()

    assert IN.mediate(ctx) is False
    assert ctx.get("seen") == "yes"


def test_a_response_passes_by():
    ctx = message()
    ctx.is_response = True

    assert IN.mediate(ctx) is True
    assert ctx.get("seen") is None


def test_the_property_response_turns_a_request_into_a_response():
    assert IN.mediate(message(RESPONSE="true")) is True
