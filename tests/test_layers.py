"""The arrows of the house: who may import whom, and which room knows which library."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = ("mediation", "artifacts", "esbsite")
"""Each may import those before it."""

BANDS = {
    "values": (
        "errors file_system findings properties headers payloads branches message expressions options identity "
        "secret_reference process_values vault log_text"
    ),
    "language": (
        "environment flow grammar compiler defaults transports endpoints mediators proxy_service inbound_endpoint "
        "local_entry registry server_configuration alternatives placeholders inbox parameters limit_parameters "
        "access inbound_tls client_certificate conversation_parameters control_frames handlers templates "
        "connectors api service_description child_processes enrichment transformation json_schema json_coercion "
        "scripting stores triggers task message_processor python_classes http_inbound polling_inbound polled_files "
        "typed_values json_options payload_template freemarker call_content branching splitting targets "
        "aggregation joining replacing loop_collections gathering evaluators databases throttling uri_fragments "
        "arguments"
    ),
    "run time": (
        "models database_thread stored_messages client_counts message_rate outbox client_messages routes "
        "broadcasts session relay local_transport exchange http_answer detached jobs shared_backends runtime "
        "monitoring authentication"
    ),
    "edges": "asgi_connection consumers views inbound_views urls listeners reference admin management apps migrations",
    "life cycle": "server",
}
"""Rooms of the engine, lowest first: each imports its own band and those below."""

ROOMS = {
    "channels": {"mediation.consumers", "esbsite.asgi"},
    "cryptography": {"mediation.transports.keystores.", "mediation.client_certificate"},
    "daphne": {"esbsite."},
    "django.http": {"mediation.views", "mediation.admin", "mediation.listeners.http", "artifacts.", "esbsite."},
    "django.urls": {"mediation.urls", "mediation.listeners.http", "mediation.listeners.urls", "artifacts.", "esbsite."},
    "jwt": {"mediation.authentication.json_web_tokens"},
    "picows": {"mediation.transports.websocket."},
    "aiofastnet": {"mediation.transports.websocket."},
    "aiohttp": {"mediation.transports.http", "mediation.transports.http_sessions", "mediation.listeners.http"},
    "twisted": {"esbsite."},
    "websocket": {"mediation.management.commands.wsclient"},
}
"""Outside libraries, and the modules or packages (with a dot) that may know them."""


def modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(module: str, path: Path) -> Iterator[str]:
    """Names of modules, absolute; what is imported for types only does not count."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = package.rsplit(".", child.level - 1)[0] if child.level else ""
                source = ".".join(filter(None, (base, child.module)))
                # `from package import module` is an import of the module.
                yield from (f"{source}.{alias.name}" for alias in child.names)
            yield from visit(child)

    return visit(ast.parse(path.read_text()))


ALL = [(package, module, path) for package in PACKAGES for module, path in modules(package)]


@pytest.mark.parametrize(("package", "module", "path"), ALL, ids=[module for _, module, _ in ALL])
def test_packages_import_only_those_below(package: str, module: str, path: Path):
    above = PACKAGES[PACKAGES.index(package) + 1 :]
    assert [name for name in imports(module, path) if name.split(".")[0] in above] == []


def band_of(name: str) -> int | None:
    """Where ``mediation.x.y`` belongs; ``None`` for other packages, and for ``mediation`` itself."""
    package, _, rest = name.partition(".")
    room = rest.split(".")[0]
    if package != "mediation" or not room:
        return None
    for number, rooms in enumerate(BANDS.values()):
        if room in rooms.split():
            return number
    raise AssertionError(f"{name}: to which band does it belong?")


ENGINE = [(module, path) for package, module, path in ALL if package == "mediation"]


@pytest.mark.parametrize(("module", "path"), ENGINE, ids=[module for module, _ in ENGINE])
def test_bands_of_the_engine_import_only_downwards(module: str, path: Path):
    own = band_of(module)
    if own is None:
        return
    upwards = [name for name in imports(module, path) if (band_of(name) or 0) > own]
    assert upwards == []


@pytest.mark.parametrize("library", ROOMS)
def test_an_outside_library_has_its_room(library: str):
    strangers = []
    for _, module, path in ALL:
        known = any(module == room or (room.endswith(".") and f"{module}.".startswith(room)) for room in ROOMS[library])
        if not known and any(f"{name}.".startswith(f"{library}.") for name in imports(module, path)):
            strangers.append(module)
    assert strangers == []
