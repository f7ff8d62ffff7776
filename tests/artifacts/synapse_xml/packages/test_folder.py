import os

import pytest

from artifacts.synapse_xml.packages import PackageError, folder
from artifacts.synapse_xml.packages.folder import folder_files, printable, read_file


def test_files_come_in_one_order_and_only_xml_is_read(tmp_path):
    for name in ("b.xml", "a.xsd", "z/deployment.toml", "m/a.xml", ".git/config.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    assert [(file.path, file.content) for file in folder_files(tmp_path)] == [
        (".git/", None),
        ("a.xsd", None),
        ("b.xml", b"b.xml"),
        ("m/a.xml", b"m/a.xml"),
        ("z/deployment.toml", b"z/deployment.toml"),
    ]


def test_links_to_directories_are_not_followed(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "a.xml").write_text("<a/>")

    assert [file.path for file in folder_files(tmp_path)] == ["a.xml"]


def test_a_dangling_link_is_an_error(tmp_path):
    (tmp_path / "a.xml").symlink_to(tmp_path / "nowhere")

    with pytest.raises(PackageError, match=r"a\.xml: No such file"):
        list(folder_files(tmp_path))


def test_a_file_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "MAX_FILE_BYTES", 3)
    (tmp_path / "a.xml").write_text("<a/>")

    with pytest.raises(PackageError, match=r"a\.xml: has more than 3 bytes"):
        read_file(tmp_path / "a.xml")


def test_names_that_are_not_utf_8_can_be_printed():
    assert printable(os.fsdecode(b"\xe4.xml")) == "\\xe4.xml"
