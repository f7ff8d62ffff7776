import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from artifacts.admin import uploads
from artifacts.models import Deployment, Sequence

from .conftest import NS, XML, messages

URL = "/admin/artifacts/deployment/import/"
GOOD = f'<definitions {NS}>\n<sequence name="new"><log/></sequence>\n<eventSource name="t"/>\n</definitions>'


def upload(client, content, name="app.xml", **choices):
    return client.post(URL, {"file": SimpleUploadedFile(name, content), "check": "", **choices})


def outcomes(response):
    return [(str(line.entry.outcome), line.entry.name, line.place) for line in response.context["lines"]]


def test_the_dry_run_says_what_would_happen_and_changes_nothing(editor, db):
    generation = Deployment.current()

    response = upload(editor, GOOD.encode())

    assert outcomes(response) == [("created", "new", "app.xml:2"), ("not runnable", "t", "app.xml:3")]
    assert not Sequence.objects.exists()
    assert Deployment.current() == generation


def test_the_uploaded_file_is_imported_after_its_dry_run(editor, db):
    upload(editor, GOOD.encode())

    response = editor.post(URL, {"import": ""})

    assert messages(response) == ["Imported."]
    row = Sequence.objects.get()
    assert row.history.first().history_user.username == "editor"
    assert row.source == "app.xml", "the name that the user gave it, not where it was kept"
    assert f'href="/admin/artifacts/sequence/{row.pk}/change/"' in response.content.decode()


def test_the_uploaded_file_is_deleted_when_it_was_imported(editor, tmp_path):
    upload(editor, GOOD.encode())
    assert list((tmp_path / "uploads").iterdir())

    editor.post(URL, {"import": ""})

    assert not list((tmp_path / "uploads").iterdir())
    assert messages(editor.post(URL, {"import": ""}, follow=True)) == [
        "The uploaded file is no longer there; choose it again."
    ]


def test_a_different_artifact_of_the_same_name_is_a_clash_until_it_shall_be_replaced(editor, rows):
    other = XML["sequence"].replace("<log/>", "<drop/>")
    assert outcomes(upload(editor, other.encode()))[0][0] == "clash"

    again = editor.post(URL, {"again": "", "replace": "on"})
    assert outcomes(again)[0][0] == "warning"
    editor.post(URL, {"import": "", "replace": "on"})

    assert Sequence.objects.get().xml == other


def test_a_mistake_is_told_with_the_line_of_the_file(editor, db):
    response = upload(
        editor, f'<definitions {NS}>\n<sequence name="s">\n<log level="fll"/></sequence></definitions>'.encode()
    )

    [line] = response.context["lines"]
    assert line.findings == [("error", 'line 3: <log> level "fll" is not one of simple, headers, full, custom')]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.xml", b"<definitions"),
        ("doctype.xml", b'<!DOCTYPE s [<!ENTITY a "b">]><sequence name="s"/>'),
        ("broken.zip", b"PK\x03\x04 nonsense"),
        ("broken.toml", b"= ="),
        ("binary.xml", bytes(range(256))),
        ("deployment.toml", b"[transport.ws]\nenable = 5"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_of_without_a_crash(editor, db, name, content):
    response = upload(editor, content, name)

    assert response.status_code == 200
    assert response.context["lines"]


def test_a_package_that_leads_out_of_itself_is_rejected(editor, db):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("../outside.xml", XML["sequence"])

    response = upload(editor, package.getvalue(), "evil.car")

    assert outcomes(response) == [("rejected", "", "evil.car!/../outside.xml")]


@pytest.mark.parametrize(
    ("name", "told"),
    [("evil.py", "File extension “py” is not allowed."), ("big.xml", "The file is larger than")],
)
def test_other_files_are_refused(editor, db, monkeypatch, name, told):
    monkeypatch.setattr("artifacts.admin.deployment.LARGEST", 10)

    assert told in upload(editor, GOOD.encode(), name).content.decode()


def test_no_file_is_an_error_of_the_field(editor, db):
    assert "This field is required." in editor.post(URL, {"check": ""}).content.decode()


def test_the_name_of_an_upload_cannot_lead_elsewhere(editor, tmp_path):
    upload(editor, GOOD.encode(), "../../../evil.xml")

    [folder] = (tmp_path / "uploads").iterdir()
    assert [path.name for path in folder.iterdir()] == ["evil.xml"]


def test_uploads_that_nobody_imported_are_forgotten(editor, tmp_path, monkeypatch):
    upload(editor, GOOD.encode())
    monkeypatch.setattr(uploads, "_KEPT_SECONDS", -1)

    upload(editor, GOOD.encode())

    assert len(list((tmp_path / "uploads").iterdir())) == 1


def test_the_first_page_leads_to_import_and_export(editor, db):
    html = editor.get("/admin/").content.decode()

    assert URL in html
    assert "/admin/artifacts/deployment/export/" in html


def test_the_reference_of_the_language_is_at_hand(viewer, client):
    url = "/admin/artifacts/deployment/reference/mediators.md"

    assert url.encode() in viewer.get("/admin/").content
    assert "&lt;respond/&gt;" in viewer.get(url).content.decode()
    assert viewer.get(url.replace("mediators", "nothing")).status_code == 404
    assert "/admin/login/" in client.get(url)["Location"]
