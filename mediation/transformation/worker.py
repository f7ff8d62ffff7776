"""
A child process that transforms; started as a program of its own, not imported.

::

    python -I worker.py libxml|saxon MEMORY

Once it has begun it cannot open files or connections any more, whatever a stylesheet asks for, and it has so many bytes
of memory. Requests and answers are a JSON object and, behind it, a document; their lengths go before both (4 bytes,
big-endian). A program that this process does not know yet is answered with ``missing``, and sent again with its text.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

MAX_PROGRAMS: Final = 64
"""How many stay compiled."""


class Unread(Exception):
    """The message has nothing to transform, or cannot be read: whoever sent it finds out which."""


class Engine(Protocol):
    """What runs programs. Its methods raise whatever the library raises; the text of that is the answer."""

    def compile(self, request: dict[str, Any]) -> Any: ...

    def run(self, program: Any, request: dict[str, Any], document: bytes) -> str | bytes: ...


class Libxml:
    """XSLT 1.0 and XML Schema."""

    def __init__(self) -> None:
        from lxml import etree

        sys.path.insert(0, str(Path(__file__).parents[2]))
        from mediation.errors import PayloadError, XmlError
        from mediation.payloads.soap import body_of, envelope_version, first_element
        from mediation.payloads.xml import parse_modules, parse_xml, serialise

        self._etree, self._parse, self._parse_modules = etree, parse_xml, parse_modules
        self._unreadable = (PayloadError, XmlError)
        self._envelope_version, self._body_of, self._first_element = envelope_version, body_of, first_element
        self._serialise = serialise

    def compile(self, request: dict[str, Any]) -> Any:
        sources = request["sources"]
        main = self._parse_modules(sources[request["main"]], request["main"], sources)
        if request["kind"] == "xsd":
            return self._etree.XMLSchema(main)
        # A stylesheet may read itself with document(''). Everything but its own modules is refused by the resolver.
        readable = self._etree.XSLTAccessControl(write_file=False, write_network=False, create_dir=False)
        return self._etree.XSLT(
            main,
            access_control=readable,
            regexp=False,  # its expressions could take exponential time
        )

    def run(self, program: Any, request: dict[str, Any], document: bytes) -> str | bytes:
        if request["kind"] == "xsd":
            program.validate(self._parse(document))
            return json.dumps([entry.message for entry in program.error_log])
        if request["whole"]:
            return self._message(program, request, document)
        result = self._transformed(program, request, self._parse(document))
        return str(result) if request["text"] else bytes(result).rstrip(b"\n")

    def _message(self, program: Any, request: dict[str, Any], document: bytes) -> bytes:
        """A message with the first element of its Body transformed, or the document if that is no envelope."""
        try:
            root = self._parse(document)
            is_envelope = self._envelope_version(root) is not None
            source = self._first_element(self._body_of(root)) if is_envelope else root
        except self._unreadable as exc:
            raise Unread from exc
        if source is None:
            raise Unread
        result = self._transformed(program, request, source)
        if not is_envelope:
            return bytes(result).rstrip(b"\n")
        new = result.getroot()
        new.tail = source.tail
        self._body_of(root).replace(source, new)
        return bytes(self._serialise(root, declaration=True))

    def _transformed(self, program: Any, request: dict[str, Any], source: Any) -> Any:
        parameters = {name: self._etree.XSLT.strparam(value) for name, value in request["parameters"].items()}
        result = program(source, **parameters)
        failures = [entry.message for entry in program.error_log if entry.level >= self._etree.ErrorLevels.ERROR]
        if any("out of memory" in failure.lower() for failure in failures):
            raise MemoryError
        if not request["text"] and result.getroot() is None:
            raise ValueError("; ".join(failures) or "the stylesheet gave no element")
        return result


_WRITE: Final = "serialize(., map {'method': 'xml', 'indent': false(), 'omit-xml-declaration': true()})"


class Saxon:
    """XSLT 2.0 and 3.0, XQuery."""

    def __init__(self) -> None:
        from saxonche import PySaxonProcessor

        self._processor = PySaxonProcessor(license=False)
        # Included modules are data: URIs.
        self._processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "data")
        self._processor.parse_xml(xml_text="<warm-up/>")

    def compile(self, request: dict[str, Any]) -> Any:
        source = request["sources"][request["main"]]
        if request["kind"] == "xquery":
            return source
        executable = self._processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=source)
        executable.set_capture_result_documents(True)
        return executable

    def run(self, program: Any, request: dict[str, Any], document: bytes) -> str | bytes:
        if request["kind"] == "xquery":
            return self._query(program, request)
        program.clear_parameters()
        for name, value in request["parameters"].items():
            program.set_parameter(name, self._processor.make_string_value(value))
        node = self._processor.parse_xml(xml_text=document.decode())
        return str(program.transform_to_string(xdm_node=node) or "")

    def _query(self, query: str, request: dict[str, Any]) -> str:
        processor = self._processor.new_xquery_processor()
        for name, type_, value in request["variables"]:
            processor.set_parameter(name, self._value(type_, value))
        result = processor.run_query_to_value(query_text=query)
        if result is None or result.size == 0:
            return json.dumps(None)
        item = result.item_at(0)
        if item.is_atomic:
            return json.dumps({"text": item.string_value})
        node = item.get_node_value()
        if node.node_kind_str not in ("document", "element"):
            return json.dumps({"text": node.string_value})
        # str(node) would be indented, and blanks are content.
        writer = self._processor.new_xquery_processor()
        writer.set_context(xdm_item=node)
        return json.dumps({"xml": writer.run_query_to_value(query_text=_WRITE).item_at(0).string_value})

    def _value(self, type_: str, value: str) -> Any:
        if type_ in ("document", "element"):
            document = self._processor.parse_xml(xml_text=value)
            return document if type_ == "document" else document.children[0]
        return self._processor.make_atomic_value(type_, value)


ENGINES: Final[dict[str, Callable[[], Engine]]] = {"libxml": Libxml, "saxon": Saxon}


def confine(memory: int) -> None:
    """No more than so many bytes of data, and nothing can be opened any more."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def serve(engine: Engine, requests: BinaryIO, answers: BinaryIO) -> None:
    programs: OrderedDict[str, Any] = OrderedDict()
    while head := requests.read(4):
        content = requests.read(int.from_bytes(head, "big"))
        length = int.from_bytes(content[:4], "big")
        request = json.loads(content[4 : 4 + length])
        # Nobody waits for longer; should the parent be gone, this is what ends the work.
        signal.alarm(int(request["seconds"]) + 2)
        header, body = _answer(engine, programs, request, content[4 + length :])
        signal.alarm(0)
        encoded = json.dumps(header).encode()
        answers.write((4 + len(encoded) + len(body)).to_bytes(4, "big"))
        answers.write(len(encoded).to_bytes(4, "big") + encoded + body)
        answers.flush()
        if header.get("error") == OUT_OF_MEMORY:
            return  # libraries in C are not to be trusted after that


OUT_OF_MEMORY: Final = "out of memory"


def _answer(
    engine: Engine, programs: OrderedDict[str, Any], request: dict[str, Any], document: bytes
) -> tuple[dict[str, Any], bytes]:
    program = programs.get(request["id"])
    if program is None and "sources" not in request:
        return {"missing": True}, b""
    try:
        if program is None:
            program = programs[request["id"]] = engine.compile(request)
            if len(programs) > MAX_PROGRAMS:
                programs.popitem(last=False)
        else:
            programs.move_to_end(request["id"])
        result = engine.run(program, request, document)
    except Unread:
        return {"unread": True}, b""
    except MemoryError:
        return {"error": OUT_OF_MEMORY}, b""
    except Exception as exc:
        return {"error": " ".join(str(exc).split()) or type(exc).__name__}, b""
    return {}, result.encode() if isinstance(result, str) else result


if __name__ == "__main__":
    os.chdir("/")  # before Saxon starts, whose messages name the directory
    chosen = ENGINES[sys.argv[1]]()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries print is written once more for each message
    confine(int(sys.argv[2]))
    serve(chosen, sys.stdin.buffer, sys.stdout.buffer)
