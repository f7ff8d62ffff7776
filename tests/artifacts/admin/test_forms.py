import json

import pytest
from django.contrib.auth.models import User

from artifacts.models import Deployment, Endpoint, InboundEndpoint, LocalEntry, ProxyService, Sequence
from artifacts.store import save_artifact
from mediation.payloads.xml import parse_xml

from .conftest import NS, XML, change_url, errors, messages, posted


def save(client, url, **changes):
    return client.post(url, posted(client, url) | changes, follow=True)


def test_a_mistake_is_an_error_with_its_line_and_nothing_is_saved(admin_client, rows):
    url, generation = change_url(rows["sequence"]), Deployment.current()
    typed = f'<sequence {NS} name="greet">\r\n<log level="fll"/>\r\n</sequence>'

    response = save(admin_client, url, xml=typed)

    assert errors(response) == {"xml": ['line 2: <log> level "fll" is not one of simple, headers, full, custom']}
    assert Sequence.objects.get().xml == XML["sequence"]
    assert Deployment.current() == generation


def test_a_refused_text_stays_in_the_editor_with_the_mistake_at_its_line(admin_client, rows):
    response = save(admin_client, change_url(rows["sequence"]), xml=f'<sequence {NS} name="greet">\n<log level="fll"/>')

    form = response.context["adminform"].form
    assert form["xml"].value() == f'<sequence {NS} name="greet">\n<log level="fll"/>'
    [mark] = json.loads(form["xml"].as_widget().partition('data-remarks="')[2].partition('"')[0].replace("&quot;", '"'))
    assert (mark["row"], mark["type"]) == (1, "error")


@pytest.mark.parametrize(
    ("xml", "told"),
    [
        ("<sequence", "line 1: "),
        ("", "This field is required."),
        ('<!DOCTYPE s [<!ENTITY a "b">]><sequence name="greet"/>', "line 1: a DOCTYPE is not allowed"),
        (f'<proxy {NS} name="greet"/>', "line 1: <proxy> is not a <sequence>"),
        (f"<sequence {NS}><log/></sequence>", 'line 1: <sequence> needs the attribute "name"'),
        (f'<definitions {NS}><sequence name="a"/></definitions>', "line 1: <definitions> holds several artifacts"),
    ],
)
def test_what_is_no_such_artifact_is_refused(admin_client, rows, xml, told):
    response = save(admin_client, change_url(rows["sequence"]), xml=xml)

    assert errors(response)["xml"][0].startswith(told)


def test_a_saved_text_is_stored_as_it_was_typed_and_raises_the_generation(admin_client, rows):
    generation = Deployment.current()
    typed = f'<sequence  {NS}\n   name="greet"><!-- new --><drop/>  </sequence>\n\n'

    save(admin_client, change_url(rows["sequence"]), xml=typed.replace("\n", "\r\n"))

    row = Sequence.objects.get()
    assert (row.xml, row.version) == (typed, 2)
    assert Deployment.current() > generation
    assert row.history.first().history_user == User.objects.get(username="admin")


def test_a_changed_field_is_written_into_the_xml_and_the_rest_stays(admin_client, rows):
    save(admin_client, change_url(rows["sequence"]), on_error="other")

    assert Sequence.objects.get().xml == XML["sequence"].replace('"oops"', '"other"')


def test_a_changed_name_renames_the_artifact(admin_client, rows):
    save(admin_client, change_url(rows["sequence"]), name="welcome")

    row = Sequence.objects.get()
    assert (row.pk, row.name) == (rows["sequence"].pk, "welcome")
    assert 'name="welcome"' in row.xml


def test_a_changed_xml_changes_the_fields(admin_client, rows):
    save(admin_client, change_url(rows["sequence"]), xml=f'<sequence {NS} name="n" onError="e"><drop/></sequence>')

    assert (Sequence.objects.get().name, Sequence.objects.get().on_error) == ("n", "e")


def test_field_and_xml_changed_to_different_values_are_a_conflict_at_the_field(admin_client, rows):
    typed = f'<sequence {NS} name="greet" onError="of-xml"><drop/></sequence>'

    response = save(admin_client, change_url(rows["sequence"]), xml=typed, on_error="of-field")

    assert errors(response) == {"on_error": ['The XML says "of-xml" now, and this something else; change one of them.']}
    assert Sequence.objects.get().version == 1


def test_a_form_that_was_opened_before_another_save_is_refused(admin_client, rows):
    url = change_url(rows["sequence"])
    data = posted(admin_client, url)
    save_artifact(f'<sequence {NS} name="greet"><drop/></sequence>', user=User.objects.create_user("anna"))

    response = admin_client.post(url, data | {"on_error": "mine"})

    [told] = errors(response)["__all__"]
    assert "Nothing was saved: anna has saved version 2" in told
    assert response.context["adminform"].form["on_error"].value() == "mine"
    assert Sequence.objects.get().on_error == ""


def test_a_name_that_another_one_has_is_refused(admin_client, rows):
    save_artifact(f'<sequence {NS} name="taken"><drop/></sequence>')

    assert "name" in errors(save(admin_client, change_url(rows["sequence"]), name="taken"))
    assert "name" in errors(save(admin_client, "/admin/artifacts/sequence/add/", name="taken"))


def test_a_kept_artifact_cannot_take_the_name_of_another(admin_client, rows):
    save_artifact(f'<eventSource {NS} name="daily"/>')

    response = save(
        admin_client, change_url(rows["keptartifact"]), xml=f'<eventSource {NS} name="daily"><a/></eventSource>'
    )

    assert errors(response) == {"xml": ['there is another <eventSource> with the name "daily"']}


def test_a_kept_artifact_is_saved_and_says_that_it_does_not_run(admin_client, rows):
    response = save(admin_client, change_url(rows["keptartifact"]), xml=f'<eventSource {NS} name="nightly"/>')

    assert any("Stored, but not runnable" in text for text in messages(response))


def test_a_warning_does_not_keep_from_saving(admin_client, rows):
    typed = f'<sequence {NS} name="greet"><log colour="red"/><sequence key="nowhere"/></sequence>'

    response = save(admin_client, change_url(rows["sequence"]), xml=typed)

    assert Sequence.objects.get().xml == typed
    told = "\n".join(messages(response))
    assert 'line 1: <log> does not know the attribute "colour"' in told
    assert "sequence nowhere is not deployed" in told


@pytest.mark.parametrize(
    ("model", "add"),
    [(Sequence, {}), (ProxyService, {}), (Endpoint, {}), (LocalEntry, {}), (InboundEndpoint, {})],
)
def test_add_starts_from_an_artifact_that_lacks_only_its_name(admin_client, model, add):
    url = f"/admin/artifacts/{model._meta.model_name}/add/"

    save(admin_client, url, name="fresh", **add)

    row = model.objects.get()
    assert (row.name, row.state) == ("fresh", "deployed")


def test_add_without_a_name_says_what_is_missing(admin_client):
    response = save(admin_client, "/admin/artifacts/sequence/add/")

    assert errors(response) == {"xml": ['line 1: <sequence> needs the attribute "name"']}


def test_a_fact_that_the_xml_has_no_place_for_is_refused(admin_client):
    row = save_artifact(f'<endpoint {NS} name="d"><default/></endpoint>').row

    response = save(admin_client, change_url(row), address="http://localhost/")

    assert errors(response) == {"address": ["This XML has no place for it; change the XML instead."]}


def test_transports_may_be_separated_by_anything(admin_client, rows):
    save(admin_client, change_url(rows["proxyservice"]), transports="https,  http")

    assert ProxyService.objects.get().transports == "https,http"


def test_a_form_saved_as_it_is_changes_nothing(admin_client, rows):
    for row in rows.values():
        response = save(admin_client, change_url(row))

        assert "Nothing was changed: the XML says the same as before." in messages(response)
        row.refresh_from_db()
        assert row.version == 1


def test_space_that_fields_cannot_hold_is_no_change(admin_client):
    row = save_artifact(f'<endpoint {NS} name="e"><address uri=" ws://localhost/&#10; "/></endpoint>').row
    data = posted(admin_client, change_url(row)) | {"address": "ws://localhost/"}

    response = admin_client.post(change_url(row), data, follow=True)

    assert "Nothing was changed: the XML says the same as before." in messages(response)


# -- parameters of inbound endpoints


def test_a_parameter_row_is_written_into_the_xml(admin_client, rows):
    save(admin_client, change_url(rows["inboundendpoint"]), **{"parameters-0-value": "9099"})

    row = InboundEndpoint.objects.get()
    assert row.port == 9099
    assert row.xml == XML["inboundendpoint"].replace("9091", "9099")


def test_a_parameter_is_added_and_removed(admin_client, rows):
    url = change_url(rows["inboundendpoint"])
    added = {"parameters-3-name": "ws.client.side.broadcast.level", "parameters-3-value": "1", "parameters-3-key": ""}
    save(admin_client, url, **{"parameters-TOTAL_FORMS": "4", **added, "parameters-2-DELETE": "on"})

    assert list(InboundEndpoint.objects.get().parameters.values_list("name", "value")) == [
        ("inbound.ws.port", "9091"),
        ("ws.outflow.dispatch.sequence", "greet"),
        ("ws.client.side.broadcast.level", "1"),
    ]
    assert "<!-- where clients come in -->" in InboundEndpoint.objects.get().xml


def test_a_wrong_parameter_is_an_error_at_its_line_and_can_be_mended_in_its_row(admin_client, rows):
    url = change_url(rows["inboundendpoint"])

    refused = save(admin_client, url, **{"parameters-0-value": "99999"})
    [told] = errors(refused)["xml"]
    line = next(part.sourceline for part in parse_xml(XML["inboundendpoint"]).iter("{*}parameter"))
    assert told.startswith(f"line {line}: Validation failed for the port parameter 99999")

    save(admin_client, url, **{"parameters-0-value": "9100"})
    assert InboundEndpoint.objects.get().port == 9100


def test_parameters_changed_in_rows_and_xml_are_a_conflict(admin_client, rows):
    typed = XML["inboundendpoint"].replace("9091", "9092")

    response = save(admin_client, change_url(rows["inboundendpoint"]), xml=typed, **{"parameters-0-value": "9093"})

    assert errors(response)["__all__"] == [
        "parameters: The XML says other parameters now, and this something else; change one of them."
    ]


def test_a_parameter_without_a_name_is_refused_at_its_row(admin_client, rows):
    response = save(admin_client, change_url(rows["inboundendpoint"]), **{"parameters-0-name": ""})

    [inline] = response.context["inline_admin_formsets"]
    assert inline.formset.errors[0] == {"name": ["This field is required."]}
    assert InboundEndpoint.objects.get().version == 1


def test_a_port_that_another_endpoint_has_is_refused(admin_client, rows):
    url = "/admin/artifacts/inboundendpoint/add/"

    response = save(admin_client, url, name="second")

    assert "Another endpoint named : door is currently using this port: 9091" in errors(response)["xml"][0]
