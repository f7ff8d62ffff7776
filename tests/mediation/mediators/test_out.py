from tests.mediation.mediators.support import mediator, message

OUT = mediator('<out><property name="seen" value="yes"/><drop/></out>')


def test_a_response_runs_the_mediators_inside():
    ctx = message()
    ctx.is_response = True

    assert OUT.mediate(ctx) is False
    assert ctx.get("seen") == "yes"


def test_a_request_passes_by():
    ctx = message()

    assert OUT.mediate(ctx) is True
    assert ctx.get("seen") is None


def test_a_frame_from_a_back_end_is_a_request():
    ctx = message("hi")
    ctx.from_backend = True

    assert OUT.mediate(ctx) is True
