import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from artifacts.registry import RegistryDirectory, ResourceError, below, filled, read_entries, sources
from mediation.local_entry import LocalEntry


@pytest.fixture
def resources(settings, tmp_path):
    settings.ESB_REGISTRY_DIR = tmp_path
    directory = RegistryDirectory(tmp_path)
    directory.write("samples/a b.xml", b"<a/>")
    return read_entries(directory, {})


@pytest.fixture
def server():
    """Answers ``/entry`` and counts; sends ``/moved`` elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            moved = self.path == "/moved"
            self.send_response(302 if moved else 200)
            if moved:
                self.send_header("Location", "/entry")
            self.end_headers()
            self.wfile.write(b"<fetched/>")

        def log_message(self, *args):
            pass

    requests = []
    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", requests
        http.shutdown()


def entry(source):
    return LocalEntry("k", "", source=source)


def test_a_file_is_a_resource_of_the_registry(resources, tmp_path):
    for url in ("file:samples/a%20b.xml", "file:/samples/a b.xml", f"file://{tmp_path}/samples/a b.xml"):
        found = filled(entry(url), None, resources)

        assert (found.key, found.value.tag, found.source) == ("k", "a", url)


@pytest.mark.parametrize("url", ["file:samples/none.xml", "file:../secret", "file:%2e%2e/secret", "file:/etc/passwd"])
def test_a_file_that_is_no_resource_is_not_read(resources, url):
    with pytest.raises(ResourceError, match="is no resource of the registry"):
        filled(entry(url), None, resources)


def test_an_address_that_is_allowed_is_read_once(server, settings):
    address, requests = server
    settings.ESB_ENTRY_URLS = [address]

    first = filled(entry(f"{address}/entry"), None, {})
    second = filled(entry(f"{address}/entry"), first, {})

    assert first.value.tag == "fetched"
    assert second is first
    assert requests == ["/entry"]


def test_other_addresses_are_not_read(server, settings):
    address, requests = server
    settings.ESB_ENTRY_URLS = [f"{address}/allowed/"]

    for url in (
        f"{address}/entry",
        f"{address}/allowed/../entry",
        f"{address}/allowed/%2e%2e/entry",
        f"{address}@host",
    ):
        with pytest.raises(ResourceError, match="ESB_ENTRY_URLS does not name it"):
            filled(entry(url), None, {})
    assert requests == []


def test_redirects_are_not_followed(server, settings):
    address, requests = server
    settings.ESB_ENTRY_URLS = [address]

    with pytest.raises(ResourceError, match="302"):
        filled(entry(f"{address}/moved"), None, {})
    assert requests == ["/moved"]


def test_an_answer_has_a_limit(server, settings, monkeypatch):
    address, _ = server
    settings.ESB_ENTRY_URLS = [address]
    monkeypatch.setattr(sources, "MAX_BYTES", 3)

    with pytest.raises(ResourceError, match="more than 3 bytes"):
        filled(entry(f"{address}/entry"), None, {})


# -- files outside of the registry


@pytest.fixture
def store(settings, tmp_path):
    settings.ESB_REGISTRY_DIR, settings.ESB_STORE_DIR = tmp_path / "registry", str(tmp_path)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "a.xslt").write_text("<a/>")
    (tmp_path / "samples" / "secret.xml").write_text("<secret/>")
    return tmp_path


def test_documents_of_some_kinds_may_lie_elsewhere(store):
    for url in ("file:samples/a.xslt", f"file:{store}/samples/a.xslt", f"file://{store}/samples/a.xslt"):
        assert filled(entry(url), None, {}).value.tag == "a"


@pytest.mark.parametrize("name", ["samples/secret.xml", "samples/none.xslt", "samples"])
def test_others_may_not(store, name):
    with pytest.raises(ResourceError, match="is no resource of the registry"):
        filled(entry(f"file:{name}"), None, {})


def test_no_kind_at_all_may_lie_elsewhere_if_that_is_the_setting(store, settings):
    settings.ESB_FILE_SUFFIXES = []

    with pytest.raises(ResourceError, match="is no resource of the registry"):
        filled(entry("file:samples/a.xslt"), None, {})


def test_plain_keys_mean_files_below_the_root_of_a_registry(store):
    assert below("file:samples/", "a.xslt", {}).value.tag == "a"
    for root, key in [
        ("file:samples", "../samples/a.xslt"),
        ("file:samples", "conf:/a.xslt"),
        ("file:samples", "secret.xml"),
        ("http://host/", "a.xslt"),
        ("", "a.xslt"),
    ]:
        assert below(root, key, {}) is None


def test_a_root_may_lie_in_the_registry(resources):
    assert below("file:samples", "a b.xml", resources).value.tag == "a"
