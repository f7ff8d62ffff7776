"""
Parameters of an artifact, written as the fields of the class that uses them.

::

    port: int = parameter("inbound.ws.port", port_number, required=True, help="TCP port")

The reader, its errors and warnings, and the reference tables in ``docs/`` all come from these fields.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from mediation.errors import ConfigurationError, GrammarError, NotRunnable
from mediation.grammar import elements, find

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter.

    Attributes:
        convert: makes a value of the text. A ``ValueError`` completes the sentence ``parameter NAME "text" ...``; a
            ``GrammarError`` is a sentence of its own.
        default: the value when the parameter is missing or blank.
        required: a missing one is given to ``convert`` as "", which says what is wrong.
        lenient: a wrong value is a warning, and ``fallback`` counts.
        refers: the kind of artifact that the value names.
        help: what it does, with its unit; one line for the reference.
        values: what it takes, for the reference.
    """

    name: str
    convert: Callable[[str], Any]
    default: Any
    required: bool
    lenient: bool
    fallback: Any
    refers: str | None
    help: str
    values: str


def parameter(
    name: str,
    convert: Callable[[str], Any] = str,
    default: Any = None,
    *,
    required: bool = False,
    lenient: bool = False,
    fallback: Any = dataclasses.MISSING,
    refers: str | None = None,
    help: str = "",
    values: str = "text",
) -> Any:
    """A field that is read from ``<parameter name="...">``; see :class:`Parameter`."""
    declared = Parameter(
        name,
        convert,
        default,
        required,
        lenient,
        default if fallback is dataclasses.MISSING else fallback,
        refers,
        help,
        values,
    )
    return dataclasses.field(default=default, metadata={"parameter": declared})


def parameter_group(cls: type) -> Any:
    """A field that holds parameters which belong together; ``cls`` is a dataclass of them, each with a default."""
    return dataclasses.field(default_factory=cls, metadata={"parameters": cls})


def declared_parameters(cls: type) -> Iterator[tuple[str, Parameter]]:
    """The fields of a class that are parameters, with their names in the class; those that belong together included."""
    for field in dataclasses.fields(cls):
        if "parameter" in field.metadata:
            yield field.name, field.metadata["parameter"]
        elif "parameters" in field.metadata:
            yield from declared_parameters(field.metadata["parameters"])


def read_texts(cls: type, texts: Mapping[str, str], report: Callable[[str], None]) -> dict[str, Any]:
    """
    Values for the parameter fields of the class, where there is no XML: of a transport, or of a property.

    Args:
        texts: the parameters as they stand, by name.
        report: is told of each wrong value, which then counts as missing.
    """
    values = {}
    for field in dataclasses.fields(cls):
        if "parameter" in field.metadata:
            values[field.name] = _read_text(field.metadata["parameter"], texts, report)
        elif "parameters" in field.metadata:
            together = field.metadata["parameters"]
            values[field.name] = together(**read_texts(together, texts, report))
    return values


def _read_text(declared: Parameter, texts: Mapping[str, str], report: Callable[[str], None]) -> Any:
    text = texts.get(declared.name, "").strip()
    if text:
        try:
            return declared.convert(text)
        except ConfigurationError as exc:
            report(exc.message)
        except ValueError as exc:
            report(f'parameter {declared.name} "{text}" {exc}')
    return declared.default


class ParameterReader:
    """
    The ``<parameter>`` children of an artifact's ``<parameters>``.

    Args:
        parts: the ``<parameter>`` elements, where they have a place of their own.

    Attributes:
        texts: values as they stand, stripped, by name.
    """

    def __init__(
        self, element: etree._Element, compiler: Compiler, parts: Iterable[etree._Element] | None = None
    ) -> None:
        self._element = element
        self._compiler = compiler
        self._places: dict[str, etree._Element] = {}
        self.texts: dict[str, str] = {}
        if parts is None:
            container = find(element, "parameters")
            parts = () if container is None else elements(container)
        for part in parts:
            name = part.get("name") or ""
            self._places[name] = part
            self.texts[name] = (part.text or "").strip()
            if part.get("key") is not None:
                compiler.error(NotRunnable(f'parameter "{name}" with a registry key'), part)

    def place(self, name: str) -> etree._Element:
        """The parameter's element, or the artifact's."""
        return self._places.get(name, self._element)

    def read(self, cls: type) -> dict[str, Any]:
        """
        Values for the parameter fields of the class. Every mistake is reported; a wrong value then counts as missing.
        """
        values = {}
        for field in dataclasses.fields(cls):
            if "parameter" in field.metadata:
                values[field.name] = self._value(field.metadata["parameter"])
            elif "parameters" in field.metadata:
                together = field.metadata["parameters"]
                values[field.name] = together(**self.read(together))
        return values

    def _value(self, declared: Parameter) -> Any:
        text = self.texts.get(declared.name, "")
        if not text and not declared.required:
            return declared.default
        place = self.place(declared.name)
        try:
            value = declared.convert(text)
        except ConfigurationError as exc:
            self._wrong(declared, exc, place)
            return declared.fallback
        except ValueError as exc:
            self._wrong(declared, GrammarError(f'parameter {declared.name} "{text}" {exc}'), place)
            return declared.fallback
        if declared.refers is not None:
            self._compiler.refer(declared.refers, text, place)
        return value

    def _wrong(self, declared: Parameter, exc: ConfigurationError, place: etree._Element) -> None:
        if declared.lenient:
            self._compiler.warning(f"{exc.message}; it counts as {_shown(declared.fallback)}", place)
        else:
            self._compiler.error(exc, place)

    def report_others(self, cls: type, without_effect: Mapping[str, str], not_running: Mapping[str, str]) -> None:
        """
        Say what happens to parameters that are no fields.

        Args:
            without_effect: names that are accepted, with the reason why they change nothing.
            not_running: names without which the artifact would do something else, with a hint.
        """
        known = {declared.name for _, declared in declared_parameters(cls)}
        for name, text in self.texts.items():
            place = self.place(name)
            if name in without_effect:
                reason = without_effect[name]
                self._compiler.info(f'parameter "{name}" is accepted, but has no effect: {reason}', place)
            elif name in not_running:
                if text:
                    self._compiler.error(NotRunnable(f'parameter "{name}"', not_running[name]), place)
            elif name not in known:
                self._compiler.warning(f'parameter "{name}" is not known; it is ignored', place)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- converters


def flag(text: str) -> bool:
    """``true`` or ``false`` in any case."""
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError("is not true or false")
    return lowered == "true"


FLAG: Final = "true, false"


def choice(*values: str) -> Callable[[str], str]:
    """One of these words, in any case."""

    def convert(text: str) -> str:
        if text.lower() not in values:
            raise ValueError(f"is not one of {', '.join(values)}")
        return text.lower()

    return convert


def number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds."""
    bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"

    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) < least or (most is not None and int(text) > most):
            raise ValueError(f"is not a whole number {bounds}")
        return int(text)

    return convert


def seconds(least: float = 0.0) -> Callable[[str], float]:
    """A time in seconds, such as ``30`` or ``0.5``."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value < math.inf:
            raise ValueError(f"is not a number of seconds of at least {least:g}")
        return value

    return convert


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas or spaces."""
    return tuple(text.replace(",", " ").split())
