import re

import pytest

from artifacts.models import ARTIFACT_MODELS, Deployment, InboundEndpoint, Sequence, State
from artifacts.store import save_artifact

from .conftest import NS, change_url

HOSTILE = "&lt;img src=x onerror=alert(1)&gt;"
MISTAKE = f'<sequence {NS} name="greet">\n<log level="fll"/>\n</sequence>'


def cells(response, name):
    """The list's cells of the row with this name, by column, as text."""
    html = response.content.decode()
    [row] = [row for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL) if f">{name}</a>" in row]
    found = re.findall(r'class="[^"]*?(?:field|column)-([\w]+)[^"]*">(.*?)</t[dh]>', row, re.DOTALL)
    return {column: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for column, text in found}


def test_the_list_shows_state_and_facts(admin_client, rows):
    shown = cells(admin_client.get("/admin/artifacts/inboundendpoint/"), "door")

    assert shown["state_column"] == "✓ deployed no process is serving"
    assert shown["url_column"] == "ws://testserver:9091/"
    assert shown["sequence"] == "greet"


def test_the_list_shows_where_a_proxy_service_is_called(admin_client, rows, settings):
    settings.ESB_HTTP_PORT, settings.ESB_PORT_OFFSET = 8280, 10

    shown = cells(admin_client.get("/admin/artifacts/proxyservice/"), "shop")

    assert shown["url_column"] == "http://testserver:8290/services/shop"


def test_the_list_shows_why_an_artifact_is_faulty(admin_client, db):
    save_artifact(MISTAKE)

    shown = cells(admin_client.get("/admin/artifacts/sequence/"), "greet")

    assert shown["state_column"].startswith("✕ faulty line 2: &lt;log&gt; level")


def test_the_list_shows_which_version_of_a_faulty_artifact_is_served(admin_client, rows):
    save_artifact(MISTAKE)

    shown = cells(admin_client.get("/admin/artifacts/sequence/"), "greet")

    assert shown["state_column"].startswith("✕ faulty, serving version 1 line 2:")


def test_the_list_counts_warnings_and_says_them(admin_client, rows):
    shown = cells(admin_client.get("/admin/artifacts/sequence/"), "greet")

    # The summary, then what it unfolds.
    assert shown["warnings_column"].startswith("! 1")
    assert "sequence oops is not deployed" in shown["warnings_column"]


@pytest.mark.parametrize(
    ("query", "found"),
    [("?q=greet", ["greet"]), ("?q=says+hello", ["greet"]), ("?q=nothing", []), ("?state__exact=faulty", ["bad"])],
)
def test_the_list_is_searched_and_filtered(admin_client, rows, query, found):
    save_artifact(f'<sequence {NS} name="bad"><log level="x"/></sequence>')

    response = admin_client.get(f"/admin/artifacts/sequence/{query}")

    assert [row.name for row in response.context["cl"].result_list] == found


def test_a_view_only_user_cannot_search_the_text(viewer, rows):
    response = viewer.get("/admin/artifacts/endpoint/?q=CANARY")

    assert list(response.context["cl"].result_list) == []


def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(admin_client, django_assert_max_num_queries):
    for number in range(30):
        save_artifact(f'<sequence {NS} name="s{number}"><log/></sequence>')

    with django_assert_max_num_queries(20):
        admin_client.get("/admin/artifacts/sequence/")


def test_the_page_says_what_uses_the_artifact_and_what_it_uses(admin_client, rows):
    html = admin_client.get(change_url(rows["sequence"])).content.decode()

    for user in ("proxyservice", "inboundendpoint"):
        assert f'<a href="{change_url(rows[user])}">{rows[user].name}</a>' in html
    assert "sequence oops (missing)" in html


def test_the_page_of_a_faulty_artifact_says_every_mistake_with_its_line(admin_client, db):
    row = save_artifact(f'<sequence {NS} name="bad">\n<log level="x"/>\n<nonsense/>\n</sequence>').row

    response = admin_client.get(change_url(row))

    assert [remark.line for remark in response.context["remarks"]] == [2, 3]
    assert [remark.line for remark in response.context["adminform"].form.fields["xml"].widget.remarks] == [2, 3]


def test_the_delete_page_says_what_still_uses_the_artifact(admin_client, rows):
    html = admin_client.get(change_url(rows["sequence"]).replace("change", "delete")).content.decode()

    assert "It is still used by proxy service" in html


def test_deletes_raise_the_generation_and_are_signed(admin_client, rows, admin_user):
    generation = Deployment.current()

    admin_client.post(change_url(rows["sequence"]).replace("change", "delete"), {"post": "yes"})
    admin_client.post(
        "/admin/artifacts/endpoint/",
        {"action": "delete_selected", "_selected_action": [rows["endpoint"].pk], "post": "yes"},
    )

    assert not Sequence.objects.exists()
    assert Deployment.current() >= generation + 2
    assert {record.history_user for record in Sequence.history.filter(history_type="-")} == {admin_user}


def test_names_and_texts_with_markup_are_escaped_on_every_page(admin_client, db):
    texts = (
        f'<sequence {NS} name="{HOSTILE}" onError="{HOSTILE}"><log level="{HOSTILE}"/><sequence key="{HOSTILE}"/>'
        "</sequence>",
        f'<proxy {NS} name="{HOSTILE}" transports="{HOSTILE}"><target inSequence="{HOSTILE}"/></proxy>',
        f'<inboundEndpoint {NS} name="{HOSTILE}" protocol="ws" sequence="{HOSTILE}"><parameters>'
        f'<parameter name="inbound.ws.port">9</parameter><parameter name="{HOSTILE}">{HOSTILE}</parameter>'
        "</parameters></inboundEndpoint>",
        f'<endpoint {NS} name="{HOSTILE}"><address uri="javascript:{HOSTILE}"/></endpoint>',
        f'<localEntry {NS} key="{HOSTILE}">{HOSTILE}</localEntry>',
        f'<api {NS} name="{HOSTILE}" context="{HOSTILE}"><resource uri-template="{HOSTILE}"/></api>',
        f'<template {NS} name="{HOSTILE}" onError="{HOSTILE}"><parameter name="{HOSTILE}"/></template>',
        f'<messageStore {NS} name="{HOSTILE}" class="{HOSTILE}"/>',
        f'<messageProcessor {NS} name="{HOSTILE}" class="{HOSTILE}" messageStore="{HOSTILE}"/>',
        f'<task {NS} name="{HOSTILE}" class="{HOSTILE}"><trigger cron="{HOSTILE}"/></task>',
        f'<eventSource {NS} name="{HOSTILE}"/>',
    )
    rows = [save_artifact(text, source=HOSTILE.replace("&lt;", "<"), reason=HOSTILE).row for text in texts]
    record = rows[0].history.first().history_id
    urls = ["/admin/", f"/admin/artifacts/sequence/{rows[0].pk}/history/{record}/"]
    for row in rows:
        url = change_url(row)
        urls += [url, url.replace("change", "history"), url.replace("change", "delete"), url.partition(f"{row.pk}/")[0]]

    for url in urls:
        response = admin_client.get(url)
        assert response.status_code == 200, url
        assert b"<img src=x" not in response.content, url
        assert b'href="javascript:' not in response.content, url


def test_secrets_are_shown_to_nobody_who_may_not_change_them(viewer, rows):
    save_artifact(rows["endpoint"].xml.replace("8082", "8083"))
    urls = ["/admin/"]
    for model in ARTIFACT_MODELS:
        row = rows[model._meta.model_name]
        url = change_url(row)
        record = row.history.first().history_id
        urls += [f"/admin/artifacts/{model._meta.model_name}/", url, url.replace("change", "history")]
        urls += [f"{url.replace('change', 'history')}{record}/"]

    for url in urls:
        response = viewer.get(url)
        assert response.status_code == 200, url
        assert b"CANARY" not in response.content, url


def test_lists_do_not_show_secrets_to_anybody(admin_client, rows):
    for model in rows:
        assert b"CANARY" not in admin_client.get(f"/admin/artifacts/{model}/").content


def test_a_view_only_user_sees_the_xml_without_an_editor(viewer, rows):
    html = viewer.get(change_url(rows["inboundendpoint"])).content.decode()

    assert "&lt;!-- where clients come in --&gt;" in html
    assert "<textarea" not in html
    assert 'type="submit" value="Save"' not in html


def test_a_state_is_told_in_words(admin_client, rows):
    for state in State:
        InboundEndpoint.objects.update(state=state, serving_version=1)
        shown = cells(admin_client.get("/admin/artifacts/inboundendpoint/"), "door")["state_column"]
        assert re.match(r"[✓✕!–] (deployed|suspended|faulty|not runnable)", shown), shown
