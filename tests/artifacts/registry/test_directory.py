import os

import pytest

from artifacts.registry import RegistryDirectory, ResourceError
from artifacts.registry import directory as module


@pytest.fixture
def registry(tmp_path):
    return RegistryDirectory(tmp_path / "registry")


def test_a_registry_that_was_never_used_is_empty(registry):
    assert registry.stamps() == {}


def test_what_is_written_is_found_and_read_again(registry):
    registry.write("config/xslt/a.xslt", b"one")
    registry.write("config/a.xml", b"two")

    assert list(registry.stamps()) == ["config/a.xml", "config/xslt/a.xslt"]
    assert registry.read("config/xslt/a.xslt") == b"one"


def test_a_changed_file_has_another_stamp(registry):
    registry.write("a", b"one")
    before = registry.stamps()
    registry.write("a", b"two")

    assert registry.stamps() != before


def test_what_is_removed_is_gone(registry):
    registry.write("a", b"one")
    registry.remove("a")
    registry.remove("a")

    assert registry.stamps() == {}
    with pytest.raises(ResourceError, match="a cannot be read: No such file"):
        registry.read("a")


@pytest.mark.parametrize(
    "path",
    ["", "/a", "../a", "a/../../b", "a/./b", ".hidden", "a/.git/b", "a\\b", "a\nb", "conf:/a", "x" * 300],
)
def test_a_path_that_leads_out_or_is_none_is_refused(registry, path):
    with pytest.raises(ResourceError):
        registry.write(path, b"")


def test_links_count_only_if_they_lead_to_the_inside(registry, tmp_path):
    registry.write("a", b"inside")
    (tmp_path / "secret").write_text("outside")
    (tmp_path / "elsewhere").mkdir()
    os.symlink(registry.root / "a", registry.root / "inside")
    os.symlink(tmp_path / "secret", registry.root / "outside")
    os.symlink(tmp_path / "elsewhere", registry.root / "folder")
    os.symlink(tmp_path / "nowhere", registry.root / "broken")

    assert list(registry.stamps()) == ["a", "inside"]
    for attempt in (lambda: registry.read("outside"), lambda: registry.write("folder/new", b"")):
        with pytest.raises(ResourceError, match="leads out of the registry"):
            attempt()


def test_hidden_files_do_not_belong_to_it(registry):
    registry.write("a", b"")
    (registry.root / ".new-1").write_text("half written")

    assert list(registry.stamps()) == ["a"]


def test_a_resource_has_a_limit(registry, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 3)

    with pytest.raises(ResourceError, match="more than 3 bytes"):
        registry.write("a", b"four")
    (registry.root).mkdir()
    (registry.root / "a").write_bytes(b"four")
    with pytest.raises(ResourceError, match="more than 3 bytes"):
        registry.read("a")
