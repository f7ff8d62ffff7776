from __future__ import annotations

import pytest

from mediation.client_counts import ClientCounts
from mediation.limit_parameters import ClientConnectionParameters
from mediation.options import Options
from mediation.transports.websocket import Rejection
from tests.mediation.support import inbound


def limited(**limits: int) -> object:
    return inbound(limits=ClientConnectionParameters(**limits))


def test_an_endpoint_takes_no_more_clients_than_it_may_have() -> None:
    counts, endpoint = ClientCounts(Options()), limited(max_connections=2)
    counts.enter("test", "a")
    counts.check(endpoint, "b")
    counts.enter("test", "b")

    with pytest.raises(Rejection) as refused:
        counts.check(endpoint, "c")

    assert refused.value.status == 503
    counts.check(inbound(name="other"), "c")
    counts.leave("test", "a")
    counts.check(endpoint, "c")


def test_an_address_takes_no_more_of_them_than_it_may_have() -> None:
    counts, endpoint = ClientCounts(Options(max_connections_per_address=1)), inbound()
    counts.enter("test", "a")

    with pytest.raises(Rejection):
        counts.check(endpoint, "a")
    counts.check(endpoint, "b")
    counts.check(limited(max_connections_per_address=0), "a")


def test_who_has_gone_leaves_nothing() -> None:
    counts = ClientCounts(Options())
    for address in ("a", "b"):
        counts.enter("test", address)
        counts.leave("test", address)

    assert len(counts) == 0
    assert (counts._by_endpoint, counts._by_address) == ({}, {})
