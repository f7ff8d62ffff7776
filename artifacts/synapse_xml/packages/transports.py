"""
Parameters of transport senders: ``deployment.toml``, and axis2's ``<transportSender>``.

Of a ``deployment.toml`` this takes the tables ``[transport.ws]``, ``wss``, ``http`` and ``https``, keys ``sender.*``,
and the ``[[transport.ws.proxy_profile]]`` of API Manager; the rest configures parts of the originals that this product
does not have.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from mediation.grammar import elements, local_name

from .found import FoundTransport, Ignored, PackageError

SCHEMES: Final = ("ws", "wss", "http", "https")
PROXY_PROFILES: Final = "ws.proxyProfiles"
"""The one parameter whose value is XML."""
AXIS2_ROOTS: Final = frozenset({"axisconfig", "transportSender"})

SENDER_KEYS: Final = {
    "outflow_dispatch_sequence": "ws.outflow.dispatch.sequence",
    "outflow_dispatch_fault_sequence": "ws.outflow.dispatch.fault.sequence",
    "truststore_location": "ws.trust.store.location",
    "truststore_password": "ws.trust.store.Password",  # the capital letter is part of the name
}
"""Keys under ``sender`` that have a name of their own in the file."""

STORES: Final = ("keystore", "truststore")
STORE_KEYS: Final = {"Location": "location", "Type": "type", "Password": "password", "KeyPassword": "key.password"}
"""Elements of a ``<KeyStore>`` or ``<TrustStore>``, and what their parameters end in."""

PROFILE_KEYS: Final = {
    "target_hosts": "targetHosts",
    "proxy_host": "proxyHost",
    "proxy_port": "proxyPort",
    "proxy_username": "proxyUserName",
    "proxy_password": "proxyPassword",
    "bypass_hosts": "bypass",
}
"""Keys of a ``proxy_profile``, and the elements of a ``<profile>``."""


def read_deployment_toml(file: str, content: bytes) -> Iterator[FoundTransport | Ignored]:
    """
    Raises:
        PackageError: it is not TOML.
    """
    try:
        text = content.decode("utf-8-sig")
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise PackageError(file, f"is not TOML: {exc}") from exc
    found = tables.pop("transport", {})
    if not isinstance(found, dict):
        raise PackageError(file, "transport is not a table")
    unused = list(tables)
    for scheme, table in found.items():
        if scheme not in SCHEMES or not isinstance(table, dict):
            unused.append(f"transport.{scheme}")
            continue
        sender = table.pop("sender", {})
        profiles = table.pop("proxy_profile", []) if scheme in ("ws", "wss") else []
        unused += [f"transport.{scheme}.{key}" for key in table]
        if not isinstance(sender, dict):
            unused.append(f"transport.{scheme}.sender")
            continue
        parameters, unknown = _sender(sender)
        unused += [f"transport.{scheme}.sender.{key}" for key in unknown]
        if profiles:
            text_of_profiles, unknown = _profiles(profiles)
            if text_of_profiles:
                parameters[PROXY_PROFILES] = text_of_profiles
            unused += [f"transport.{scheme}.proxy_profile {reason}" for reason in unknown]
        if parameters:
            yield FoundTransport(file, _line_of_table(text, scheme), scheme, parameters)
    if unused:
        yield Ignored(file, f"not used: {', '.join(unused)}")


def _sender(sender: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    parameters: dict[str, str] = {}
    unknown = []
    # Senders of this product are always on; "enable = false" would be a surprise to lose without a word.
    if sender.pop("enable", True) is not True:
        unknown.append("enable = false")
    for name, value in _scalars(sender.pop("parameter", {})):
        parameters[name] = value
    for key, value in sender.items():
        if key in SENDER_KEYS and isinstance(value, str | int | float):
            parameters[SENDER_KEYS[key]] = _as_text(value)
        else:
            unknown.append(key)
    return parameters, unknown


def _profiles(tables: Any) -> tuple[str, list[str]]:
    """The profiles as axis2 has them, and what of them has no place there."""
    profiles, unknown = [], []
    for number, table in enumerate(tables if isinstance(tables, list) else [tables], start=1):
        try:
            profiles.append(_profile(table))
        except ValueError as exc:
            unknown.append(f"{number}: {exc}")
    return "\n".join(profiles), unknown


def _profile(table: Any) -> str:
    """
    Raises:
        ValueError: it is no profile, or one that XML cannot say. A part of it could send messages another way.
    """
    if not isinstance(table, dict):
        raise ValueError("is not a table")
    profile = etree.Element("profile")
    for key, value in table.items():
        if key not in PROFILE_KEYS:
            raise ValueError(f"{key} is not known")
        texts = [_as_text(each) for each in value] if isinstance(value, list) else [_as_text(value)]
        if isinstance(value, list) and any("," in text for text in texts):
            raise ValueError(f"a comma in {key} separates patterns")
        etree.SubElement(profile, PROFILE_KEYS[key]).text = ",".join(texts)
    return etree.tostring(profile, encoding="unicode")


def _scalars(table: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Leaves of a table; ``parameter.a.b = 1`` without quotes means the parameter ``a.b``."""
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _scalars(value, f"{prefix}.{key}" if prefix else key)
    elif prefix:
        yield prefix, _as_text(table)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _line_of_table(text: str, scheme: str) -> int:
    match = re.search(rf"^\s*\[?\s*transport\s*\.\s*{scheme}\b", text, re.MULTILINE)
    return 1 if match is None else text.count("\n", 0, match.end()) + 1


def read_axis2(file: str, root: etree._Element) -> Iterator[FoundTransport | Ignored]:
    """Take ``<transportSender>`` from an ``axis2.xml``, or as a root of its own."""
    alone = local_name(root) == "transportSender"
    for sender in [root] if alone else root.iter("*"):
        if local_name(sender) != "transportSender":
            continue
        scheme = sender.get("name", "")
        line = sender.sourceline or 1
        if scheme in SCHEMES:
            yield FoundTransport(file, line, scheme, dict(_axis2_parameters(sender)))
        else:
            yield Ignored(file, f'the transport sender "{scheme}" does not run in this version', line)
    if not alone:
        yield Ignored(file, "only <transportSender> is taken from an axis2.xml")


def _axis2_parameters(parent: etree._Element) -> Iterator[tuple[str, str]]:
    for parameter in elements(parent):
        parts = list(elements(parameter))
        if parts and parameter.get("name") == PROXY_PROFILES:
            yield PROXY_PROFILES, "\n".join(etree.tostring(part, encoding="unicode", with_tail=False) for part in parts)
        elif parts and parameter.get("name") in STORES:
            yield from _store(parameter.get("name", ""), parts[0])
        elif parts:
            # <parameter name="ws.trust.store"><ws.trust.store.location>...: the parts are named in full
            yield from ((local_name(part), (part.text or "").strip()) for part in parts)
        elif parameter.get("name"):
            yield parameter.get("name", ""), (parameter.text or "").strip()


def _store(name: str, store: etree._Element) -> Iterator[tuple[str, str]]:
    """``<parameter name="truststore"><TrustStore><Location>...``, of the sender for https."""
    for part in elements(store):
        key = STORE_KEYS.get(local_name(part))
        if key is not None:
            yield f"{name}.{key}", (part.text or "").strip()


def write_deployment_toml(transports: Mapping[str, Mapping[str, str]]) -> str:
    """
    Args:
        transports: parameters by name, by scheme.
    """
    keys = {parameter: key for key, parameter in SENDER_KEYS.items()}
    tables = []
    for scheme, parameters in transports.items():
        lines = [f"[transport.{scheme}]", "sender.enable = true"]
        for name, value in parameters.items():
            key = f"sender.{keys[name]}" if name in keys else f"sender.parameter.{_quoted(name)}"
            lines.append(f"{key} = {_quoted(value)}")
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for the one control character that JSON lets stand.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
