import io
import zipfile

from .conftest import XML


def test_one_selected_artifact_is_downloaded_as_it_is_stored(editor, rows):
    response = editor.post(
        "/admin/artifacts/sequence/", {"action": "export", "_selected_action": [rows["sequence"].pk]}
    )

    assert response.content.decode() == XML["sequence"]
    assert response["Content-Disposition"] == 'attachment; filename="greet.xml"'


def test_everything_is_downloaded_in_the_multi_file_layout(editor, rows):
    response = editor.get("/admin/artifacts/deployment/export/")

    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.read("sequences/greet.xml").decode() == XML["sequence"]
        assert {"deployment.toml", "inbound-endpoints/door.xml", "event-sources/nightly.xml"} <= set(archive.namelist())
