"""XPath functions beyond the core of XPath 1.0, all in one place. Prefixes do not matter; names are the originals'."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from mediation.errors import ConfigurationError, PayloadError
from mediation.payloads.media_types import codec
from mediation.payloads.xml import whole_text
from mediation.vault import vault

from .regex import compile_regex

# fmt: off
CORE: Final = frozenset((
    "last", "position", "count", "id", "local-name", "namespace-uri", "name", "string", "concat", "starts-with",
    "contains", "substring-before", "substring-after", "substring", "string-length", "normalize-space", "translate",
    "boolean", "not", "true", "false", "lang", "number", "sum", "floor", "ceiling", "round",
))
# fmt: on
"""XPath 1.0, 4: run by libxml2."""

OF_THE_CONTEXT: Final = frozenset(
    ["last", "position", "local-name", "namespace-uri", "name", "string", "string-length", "normalize-space", "number"]
)
"""Core functions that look at the context node when they have no argument."""


INSTEAD: Final = {
    "evaluate": "a message never says what is asked; choose between expressions with <switch> or <filter>",
    "document": "use a local entry or a registry resource",
    "current-dateTime": "use get-property('SYSTEM_DATE')",
}
"""What to use for functions that there are not."""


def base64_encode(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(codec(charset))).decode()


def base64_decode(text: str, charset: str = "utf-8") -> str:
    return base64.b64decode(text.strip()).decode(codec(charset)).strip()


def url_encode(text: str, charset: str = "utf-8") -> str:
    """What may not stand in a path or query is escaped; ``/?&=`` and other delimiters stay."""
    return quote(text, safe="/?&=:@!$'()*+,;%~", encoding=codec(charset))


def hmac_generate(payload: str, key: str, algorithm: str = "HmacSHA1") -> str:
    name = algorithm.removeprefix("Hmac").lower().replace("-", "")
    if name not in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        raise ValueError(f"the algorithm {algorithm} is not known")
    return hmac.new(key.encode(), payload.encode(), getattr(hashlib, name)).hexdigest()


def matches(text: str, pattern: str) -> bool:
    return compile_regex(pattern).search(text) is not None


def replace(text: str, pattern: str, replacement: str) -> str:
    return compile_regex(pattern).sub(replacement.replace("\\", "\\\\").replace("$", "\\"), text)


def tokenize(text: str, pattern: str) -> list[etree._Element]:
    """The parts as elements, because XPath 1.0 has no list of strings."""
    parts = []
    for part in compile_regex(pattern).split(text):
        element = etree.Element("token")
        element.text = part
        parts.append(element)
    return parts


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "base64Encode": base64_encode,
    "base64Decode": base64_decode,
    "url-encode": url_encode,
    "hmac-generate": hmac_generate,
    "lower-case": str.lower,
    "upper-case": str.upper,
    "ends-with": str.endswith,
    "matches": matches,
    "replace": replace,
    "tokenize": tokenize,
    "vault-lookup": vault.lookup,
}
"""By name; arguments come as strings."""


def call(name: str, arguments: tuple[Any, ...]) -> Any:
    """
    Call one of :data:`FUNCTIONS` with XPath values.

    Raises:
        ValueError: the arguments are not what the function needs; the message is for people.
    """
    try:
        return FUNCTIONS[name](*map(xpath_string, arguments))
    except (ConfigurationError, PayloadError) as exc:
        raise ValueError(f"{name}(): {exc}") from exc
    except TypeError as exc:
        raise ValueError(f"{name}() does not take {len(arguments)} arguments") from exc
    except (binascii.Error, UnicodeError) as exc:
        raise ValueError(f"{name}(): {exc}") from exc


def xpath_string(value: Any) -> str:
    """XPath's ``string()``: of a node-set, the whole text of its first node."""
    if isinstance(value, list):
        return xpath_string(value[0]) if value else ""
    if isinstance(value, etree._Element):
        return whole_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    return "" if value is None else str(value)
