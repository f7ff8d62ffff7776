import pytest
from django.core.exceptions import ValidationError

from artifacts.models import InboundEndpoint, State
from artifacts.store import delete_artifact, save_artifact
from tests.certificates import identity

pytestmark = pytest.mark.django_db


def inbound(name="a", port=9091, suspend="false", extra=""):
    return f"""<inboundEndpoint name="{name}" protocol="ws" sequence="main" suspend="{suspend}">
    <parameters>
        <parameter name="inbound.ws.port">{port}</parameter>{extra}
    </parameters>
</inboundEndpoint>"""


def saved(*args, **kwargs):
    return save_artifact(inbound(*args, **kwargs)).row


def state_of(name):
    row = InboundEndpoint.objects.get(name=name)
    return row.state, row.listening_port


def test_parameters_are_rows_in_the_order_of_the_text():
    row = saved(extra='<parameter name="ws.outflow.dispatch.sequence">out</parameter>')
    row = saved(extra='<parameter name="ws.shutdown.status.code">4000</parameter>')

    assert list(row.parameters.values_list("name", "value")) == [
        ("inbound.ws.port", "9091"),
        ("ws.shutdown.status.code", "4000"),
    ]
    assert (row.port, row.protocol, row.sequence) == (9091, "ws", "main")


def test_a_suspended_endpoint_is_deployed_without_its_port():
    row = saved(suspend="true")

    assert (row.state, row.serving_version, row.listening_port) == (State.SUSPENDED, 1, None)


def test_the_endpoint_that_was_deployed_first_keeps_the_port():
    saved("a")

    row = saved("b")

    assert row.state == State.FAULTY
    assert row.reason == "line 3: Another endpoint named : a is currently using this port: 9091"
    assert state_of("a") == (State.DEPLOYED, 9091)


def test_an_endpoint_that_moves_to_a_taken_port_stays_where_it_was():
    saved("b", 9092)
    saved("a", 9091)

    row = saved("b", 9091)

    assert (row.state, row.serving_version, row.listening_port) == (State.FAULTY_SERVING_OLDER, 1, 9092)


@pytest.mark.parametrize(
    "free",
    [
        lambda: saved("a", suspend="true"),
        lambda: saved("a", 9099),
        lambda: delete_artifact(InboundEndpoint.objects.get(name="a")),
        lambda: InboundEndpoint.objects.filter(name="a").delete(),
    ],
)
def test_an_endpoint_that_waits_gets_the_port_when_it_is_free(free):
    saved("a")
    saved("b")
    saved("c")

    free()

    assert state_of("b") == (State.DEPLOYED, 9091)
    assert state_of("c") == (State.FAULTY, None)
    assert InboundEndpoint.objects.get(name="c").reason.endswith("named : b is currently using this port: 9091")


def test_an_endpoint_that_is_activated_does_not_take_a_port_away():
    saved("a", suspend="true")
    saved("b")

    assert saved("a").state == State.FAULTY_SERVING_OLDER
    assert state_of("b") == (State.DEPLOYED, 9091)


def test_a_faulty_version_keeps_the_port_of_the_one_that_serves():
    saved("a")
    saved("a", "ninety")

    assert state_of("a") == (State.FAULTY_SERVING_OLDER, 9091)
    assert saved("b").state == State.FAULTY


def test_the_port_offset_counts(settings):
    settings.ESB_PORT_OFFSET = 10
    saved("a", 9091, extra='<parameter name="ws.use.port.offset">true</parameter>')

    assert saved("b", 9101).state == State.FAULTY
    assert saved("c", 9091).state == State.DEPLOYED


def test_validation_reports_a_taken_port():
    saved("a")

    with pytest.raises(ValidationError, match="currently using this port"):
        InboundEndpoint(xml=inbound("b")).full_clean()


# -- stores of wss


def secure(parameters="", port=9443):
    return inbound(port=port, extra=parameters).replace('"ws"', '"wss"')


STORE = """
        <parameter name="wss.ssl.key.store.file">server.pem</parameter>"""


@pytest.fixture
def store_dir(settings, tmp_path):
    settings.ESB_STORE_DIR = str(tmp_path)
    return tmp_path


def test_an_endpoint_whose_key_store_is_missing_is_faulty(store_dir):
    row = save_artifact(secure(STORE)).row

    assert (row.state, row.listening_port) == (State.FAULTY, None)
    assert row.reason == f"line 4: KeyStore File server.pem not found: there is no {store_dir}/server.pem"


def test_saving_it_again_looks_again(store_dir):
    save_artifact(secure(STORE))
    identity().write_pem(store_dir / "server.pem")

    saved = save_artifact(secure(STORE))

    assert (saved.outcome, saved.row.state, saved.row.findings) == ("unchanged", State.DEPLOYED, [])
    assert InboundEndpoint.objects.get(name="a").listening_port == 9443


def test_a_certificate_that_has_expired_is_deployed_with_a_warning(store_dir):
    identity(days=(-2, -1)).write_pem(store_dir / "server.pem")

    row = save_artifact(secure(STORE)).row

    assert row.state == State.DEPLOYED
    [finding] = row.remarks
    assert "certificate CN=localhost expired on" in finding.message


def test_a_version_whose_store_cannot_be_read_does_not_replace_the_one_that_serves(store_dir):
    identity().write_pem(store_dir / "server.pem")
    save_artifact(secure(STORE))

    row = save_artifact(secure(STORE.replace("server", "other"))).row

    assert (row.state, row.listening_port) == (State.FAULTY_SERVING_OLDER, 9443)


def test_validation_reports_a_missing_store(store_dir):
    with pytest.raises(ValidationError, match=r"KeyStore File server\.pem not found"):
        InboundEndpoint(xml=secure(STORE)).full_clean()
