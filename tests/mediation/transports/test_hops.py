"""Messages that come back to the process that sent them."""

import pytest
from yarl import URL

from mediation.errors import LoopDetected
from mediation.headers import Headers
from mediation.transports.hops import FIELD, Hops


@pytest.fixture
def hops() -> Hops:
    hops = Hops()
    assert hops.arrived(Headers(), "8280") == 0
    return hops


def test_a_request_to_a_port_of_this_process_says_how_often_the_message_has_come_back(hops: Hops):
    assert hops.field(URL("http://anything:8280/services/p"), 0) == (FIELD, "1")
    assert hops.field(URL("http://anything:8280/services/p"), 4) == (FIELD, "5")


def test_a_request_to_another_port_says_nothing(hops: Hops):
    assert hops.field(URL("http://localhost/"), 99) is None


def test_a_message_does_not_come_back_for_ever(hops: Hops):
    hops.limit = 2
    assert hops.field(URL("http://h:8280/"), 1) == (FIELD, "2")
    with pytest.raises(LoopDetected, match="has come back 2 times, and is to go to http://h:8280/"):
        hops.field(URL("http://user:secret@h:8280/"), 2)


@pytest.mark.parametrize(("said", "count"), [("3", 3), ("-1", 0), ("x", 0), ("", 0), ("9" * 5000, 0), ("\u0663", 0)])
def test_what_a_request_says_is_taken_out_of_it(hops: Hops, said: str, count: int):
    headers = Headers([("x-esb-hops", said)])
    assert hops.arrived(headers, "8280") == count
    assert len(headers) == 0
