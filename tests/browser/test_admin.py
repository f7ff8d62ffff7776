"""The admin as a person uses it, in Debian's Chromium."""

import re

import pytest
from django.utils import timezone

from artifacts.models import Deployment, InboundEndpoint, Sequence
from artifacts.store import save_artifact
from mediation.models import EndpointStatus, ScheduledJob, ServingProcess

from .conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NS = 'xmlns="http://ws.apache.org/ns/synapse"'
GOOD = f'<sequence {NS} name="greet">\n    <log level="full"/>\n</sequence>\n'
BROKEN = GOOD.replace("full", "fll")
EDITOR = "document.querySelector('.django-ace-widget').editor"
TOLD = 'line 2: <log> level "fll" is not one of simple, headers, full, custom'


def change_url(page, row):
    return f"{page.base_url}/admin/artifacts/{row._meta.model_name}/{row.pk}/change/"


def type_xml(page, text):
    """Replace what the editor holds, as by typing; it is there when its widget is loaded."""
    page.wait_for_selector(".django-ace-widget .ace_content")
    page.evaluate(f"text => {EDITOR}.setValue(text, -1)", text)


def save(page):
    page.click("input[name=_continue]")


def marks(page):
    """The editor's marks by the number of their line."""
    page.wait_for_selector(".ace_gutter-cell")
    found = page.evaluate(f"{EDITOR}.session.getAnnotations()")
    return [(mark["row"] + 1, mark["type"]) for mark in found]


def test_somebody_logs_in(stranger):
    stranger.goto(stranger.base_url + "/admin/")
    stranger.fill("#id_username", "admin")
    stranger.fill("#id_password", PASSWORD)
    stranger.click("input[type=submit]")

    assert "No process is serving." in stranger.inner_text("#esb-overview")


def test_a_broken_sequence_is_refused_with_its_line_and_saved_when_it_is_mended(page):
    row = save_artifact(GOOD).row
    generation = Deployment.current()

    page.goto(change_url(page, row))
    type_xml(page, BROKEN)
    save(page)

    assert page.inner_text(".errorlist li") == TOLD
    assert marks(page) == [(2, "error")]
    page.wait_for_selector(".ace_gutter-cell .ace_error, .ace_gutter-cell.ace_error")
    assert (Sequence.objects.get().xml, Deployment.current()) == (GOOD, generation)

    # What was typed is still there, and is mended.
    assert page.evaluate(f"{EDITOR}.getValue()") == BROKEN
    type_xml(page, BROKEN.replace("fll", "custom"))
    assert marks(page) == []
    save(page)

    page.wait_for_selector(".messagelist .success")
    assert Sequence.objects.get().xml == GOOD.replace("full", "custom")
    assert Deployment.current() > generation


def test_keys_typed_into_the_editor_are_saved(page):
    row = save_artifact(GOOD).row

    page.goto(change_url(page, row))
    page.wait_for_selector(".django-ace-widget .ace_content")
    page.click(".ace_content")
    page.keyboard.press("Control+Home")
    page.keyboard.type("<!-- by hand -->")
    save(page)

    page.wait_for_selector(".messagelist .success")
    assert Sequence.objects.get().xml == f"<!-- by hand -->{GOOD}"


def test_an_endpoint_is_suspended_from_the_list_and_activated_on_its_page(page):
    row = save_artifact(
        f'<inboundEndpoint {NS} name="door" protocol="ws" sequence="main"><parameters>'
        '<parameter name="inbound.ws.port">9091</parameter></parameters></inboundEndpoint>'
    ).row

    page.goto(page.base_url + "/admin/artifacts/inboundendpoint/")
    page.check("input[name=_selected_action]")
    page.select_option("select[name=action]", "suspend")
    page.click("button[name=index]")
    page.wait_for_selector(".messagelist .success")
    assert InboundEndpoint.objects.get().state == "suspended"
    assert "suspended" in page.inner_text(".field-state_column")

    page.goto(change_url(page, row))
    page.click("button:has-text('Activate')")
    page.wait_for_selector(".messagelist .success")
    assert InboundEndpoint.objects.get().state == "deployed"


def test_parameters_are_edited_as_rows(page):
    row = save_artifact(
        f'<inboundEndpoint {NS} name="door" protocol="ws" sequence="main"><parameters>\n'
        '  <parameter name="inbound.ws.port">9091</parameter>\n'
        '  <parameter name="ws.client.side.broadcast.level">0</parameter>\n</parameters></inboundEndpoint>'
    ).row

    page.goto(change_url(page, row))
    page.click("#parameters-1 .inline-deletelink")
    page.click("text=Add another")
    page.fill("#id_parameters-1-name", "ws.outflow.dispatch.sequence")
    page.fill("#id_parameters-1-value", "answers")
    page.fill("#id_parameters-0-value", "9092")
    save(page)

    page.wait_for_selector(".messagelist .success")
    assert list(InboundEndpoint.objects.get().parameters.values_list("name", "value")) == [
        ("inbound.ws.port", "9092"),
        ("ws.outflow.dispatch.sequence", "answers"),
    ]


def test_an_old_version_is_brought_back(page):
    row = save_artifact(GOOD).row
    save_artifact(GOOD.replace("full", "simple"))

    page.goto(change_url(page, row))
    page.click("a.historylink")
    page.click("#change-history tr:last-child th a")
    page.click("input[value='Revert to version 1']")

    page.wait_for_selector(".messagelist .success")
    assert re.search("Reverted to version 1", page.inner_text(".messagelist"))
    assert Sequence.objects.get().xml == GOOD


def test_a_file_is_imported_after_its_dry_run(page, tmp_path):
    file = tmp_path / "app.xml"
    file.write_text(f"<definitions {NS}>{GOOD}</definitions>")

    page.goto(page.base_url + "/admin/")
    page.click("text=Import")
    page.set_input_files("#id_file", file)
    page.click("input[name=check]")
    assert "created" in page.inner_text(".esb-report")
    assert not Sequence.objects.exists()
    page.click("input[name=import]")

    page.wait_for_selector(".messagelist .success")
    assert Sequence.objects.get().name == "greet"


def test_names_with_scripts_in_them_run_nowhere(page):
    hostile = "&lt;img src=x onerror=alert(1)&gt;"
    row = save_artifact(f'<sequence {NS} name="{hostile}"><log level="{hostile}"/></sequence>').row

    url = change_url(page, row)
    for place in (f"{page.base_url}/admin/", url.rpartition(f"{row.pk}/")[0], url.replace("change", "history"), url):
        page.goto(place)
    save(page)
    page.hover(".ace_gutter-cell >> nth=0")

    assert page.dialogs == []


def wider_than_its_place(page) -> int:
    return page.evaluate(
        "document.querySelector('.results').scrollWidth - document.querySelector('.results').clientWidth"
    )


def test_lists_of_what_runs_fit_on_a_laptop(page):
    now = timezone.now()
    process = ServingProcess.objects.create(
        host="esb-in-production", pid=12345, generation=3, started=now, heartbeat=now
    )
    failure = "Connection refused: stock.internal.example:8080"
    ScheduledJob.objects.create(
        kind="messageProcessor", name="forward-orders", holder=str(process), runs=10000, last_run=now, reason=failure
    )
    EndpointStatus.objects.create(
        process=process,
        artifact="stock-of-a-shop",
        endpoint="AnonymousEndpoint",
        address="http://stock.internal.example:8080/services/stock",
        state="suspended",
        retry_at=now,
    )
    for table in ("scheduledjob", "endpointstatus", "portstatus", "servingprocess"):
        page.goto(f"{page.base_url}/admin/mediation/{table}/")
        if page.query_selector(".results"):
            assert wider_than_its_place(page) == 0, table


def test_the_list_of_inbound_endpoints_fits_on_a_laptop(page):
    for number in range(3):
        save_artifact(
            f'<inboundEndpoint {NS} name="a-longer-name-{number}" protocol="ws" sequence="dispatch-sequence-of-a-shop">'
            f'<parameters><parameter name="inbound.ws.port">909{number}</parameter></parameters></inboundEndpoint>'
        )

    page.goto(f"{page.base_url}/admin/artifacts/inboundendpoint/")

    assert wider_than_its_place(page) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_history_of_long_lines_fits_on_a_laptop(page):
    short = f'<sequence {NS} name="long"><log level="custom"><property name="a" value="b"/></log></sequence>'
    row = save_artifact(short).row
    save_artifact(short.replace('value="b"', f'value="{"b" * 500}"'))

    page.goto(f"{page.base_url}/admin/artifacts/sequence/{row.pk}/history/")

    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
