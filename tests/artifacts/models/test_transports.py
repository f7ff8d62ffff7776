import pytest

from artifacts.models import TransportParameter, TransportSender


@pytest.mark.django_db
def test_ws_and_wss_have_their_outflow_sequence_from_the_start():
    parameters = TransportParameter.objects.values_list("sender__scheme", "name", "value")

    assert set(parameters) == {
        ("ws", "ws.outflow.dispatch.sequence", "outDispatchSeq"),
        ("wss", "ws.outflow.dispatch.sequence", "outDispatchSeq"),
    }
    assert set(TransportSender.objects.values_list("scheme", flat=True)) == {"ws", "wss"}
