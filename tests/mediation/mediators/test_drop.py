from tests.mediation.mediators.support import mediator, message


def test_the_flow_ends_and_the_message_goes_nowhere():
    ctx = message()
    ctx.to = "http://localhost:9000"

    assert mediator("<drop/>").mediate(ctx) is False
    assert ctx.to is None
