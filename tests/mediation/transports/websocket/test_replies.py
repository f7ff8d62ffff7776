"""Which frame is whose reply."""

import pytest

from mediation.errors import ConnectionLost
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.transports.websocket.callers import Correlation, Request
from mediation.transports.websocket.replies import Replies
from tests.mediation.support import DictEnvironment, until

BY_ID = Correlation.compile("json-eval($.id)")


def frame(text):
    return MessageContext(DictEnvironment(), Payload(text, is_frame=True, guess=True))


def by_id(key):
    return Request(BY_ID, key, 1)


FIRST = Request(None, "", 1)


async def test_replies_are_told_apart_by_what_they_have_in_common_with_their_request():
    replies = Replies()
    one, two = replies.expect(by_id("1")), replies.expect(by_id("2"))
    assert replies.take(frame('{"id": 2}'))
    assert (one.done(), two.result().raw) == (False, '{"id": 2}')


async def test_the_first_frame_is_for_whoever_has_waited_longest():
    replies = Replies()
    one, two = replies.expect(FIRST), replies.expect(FIRST)
    assert replies.take(frame("a"))
    assert replies.take(frame("b"))
    assert (one.result().raw, two.result().raw) == ("a", "b")


@pytest.mark.parametrize("text", ['{"id": 3}', '{"other": 1}', "no json", ""])
async def test_what_is_nobodys_reply_is_left_to_the_outflow_sequence(text):
    replies = Replies()
    waiting = replies.expect(by_id("1"))
    assert not replies.take(frame(text))
    waiting.cancel()


async def test_who_gives_up_is_forgotten():
    replies = Replies()
    waiting = replies.expect(by_id("1"))
    waiting.cancel()
    assert not replies.take(frame('{"id": 1}'))
    await until(lambda: not replies)


async def test_a_connection_that_ends_leaves_nobody_waiting():
    replies = Replies()
    waiting = replies.expect(by_id("1"))
    replies.lost("ws://b/")
    with pytest.raises(ConnectionLost, match="the connection to ws://b/ ended before the reply"):
        await waiting
