import pytest

from mediation.errors import MediationError
from mediation.message import MessageContext
from tests.mediation.mediators.support import mediator, message
from tests.mediation.support import DictEnvironment, RecordingSession


async def test_the_same_message_goes_through_the_outflow_sequence():
    env = DictEnvironment(
        main="<loopback/>",
        out='<property name="errorCode" value="4000"/><property name="ERROR_MESSAGE" value="m"/><respond/>',
    )
    session = RecordingSession(env, outflow_sequence="out")

    ctx = await session.send("x")

    assert ctx.is_response
    assert session.connection.close_frame == (4000, "m")


def test_a_response_ends_and_is_not_turned_round_again():
    ctx = message()
    ctx.is_response = True
    assert mediator("<loopback/>").mediate(ctx) is False


def test_without_a_client_there_is_nobody_to_turn_to():
    with pytest.raises(MediationError, match="no client"):
        mediator("<loopback/>").mediate(MessageContext(DictEnvironment()))
