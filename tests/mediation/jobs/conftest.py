import pytest

from mediation.stores.queues import QUEUES
from mediation.transports import TRANSPORTS
from tests.mediation.jobs.support import BackEnd


@pytest.fixture
def back_end(monkeypatch):
    back_end = BackEnd()
    monkeypatch.setitem(TRANSPORTS, "http", back_end)
    return back_end


@pytest.fixture
def dead_letters(monkeypatch):
    """What is buried, as store, body, failed deliveries and reason."""
    letters = []

    async def bury(store, delivery, error):
        letters.append((store, delivery.record.body.decode(), delivery.attempts, error))

    monkeypatch.setattr(QUEUES, "_bury", bury)
    return letters


@pytest.fixture(autouse=True)
def _empty_stores():
    QUEUES.clear_memory()
    yield
    QUEUES.clear_memory()
