"""Running programs, with limits."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mediation.child_processes import ChildError, ChildPool
from mediation.errors import MediationError
from mediation.options import Options

if TYPE_CHECKING:
    from .program import Program

WORKER: Final = (sys.executable, "-I", str(Path(__file__).parent / "worker.py"))
HAS_SAXON: Final = importlib.util.find_spec("saxonche") is not None
SAXON_HINT: Final = "XSLT 2.0, XSLT 3.0 and XQuery need the package saxonche (pip install saxonche)"

_ENGINES: Final = {"xslt1": "libxml", "xsd": "libxml", "xslt": "saxon", "xquery": "saxon"}

Variable = tuple[str, str, str]
"""Name, type and text of a variable of a query; the type is ``document``, ``element`` or one of XML Schema."""


class Processor:
    """The workers of this process; they start with the first transformation that needs them."""

    def __init__(self) -> None:
        self._pools: dict[str, ChildPool] = {}
        self._seconds = 0.0

    async def run(
        self,
        program: Program,
        document: bytes = b"",
        *,
        parameters: Mapping[str, str] | None = None,
        variables: Sequence[Variable] = (),
    ) -> bytes:
        """
        What the program makes of a document: XML or text in UTF-8; JSON for a query (which of both it gives) and for a
        schema (a list of mistakes).

        Raises:
            MediationError: the program or the document is wrong, or a limit was reached.
        """
        body = await self._run(program, document, parameters=parameters or {}, variables=variables)
        assert body is not None, "only whole messages come back unread"
        return body

    async def message(self, program: Program, document: bytes, parameters: Mapping[str, str]) -> bytes | None:
        """
        A whole message with the first element of its Body transformed, or a document that is no envelope.

        Returns:
            XML in UTF-8; ``None`` if the message cannot be read, or its Body is empty.

        Raises:
            MediationError: as for :meth:`run`.
        """
        assert program.takes_messages
        return await self._run(program, document, parameters=parameters, whole=True)

    async def _run(self, program: Program, document: bytes, **details: Any) -> bytes | None:
        engine = _ENGINES[program.kind]
        if engine == "saxon" and not HAS_SAXON:
            raise MediationError(SAXON_HINT)
        pool = self._pool(engine)
        request: dict[str, Any] = {
            "id": program.id,
            "kind": program.kind,
            "main": program.main,
            "text": program.gives_text,
            "whole": False,
            "seconds": self._seconds,
            **details,
        }
        header, body = await self._call(pool, request, document)
        if "missing" in header:
            header, body = await self._call(pool, {**request, "sources": program.sources}, document)
        if "error" in header:
            raise MediationError(header["error"])
        return None if "unread" in header else body

    def _pool(self, engine: str) -> ChildPool:
        if not self._pools:
            options = Options.from_settings()
            self._seconds = options.transform_seconds
            for name in set(_ENGINES.values()):
                command = (*WORKER, name, str(options.transform_memory_bytes))
                self._pools[name] = ChildPool(command, size=options.transform_workers)
        return self._pools[engine]

    async def _call(self, pool: ChildPool, request: dict[str, Any], document: bytes) -> tuple[dict[str, Any], bytes]:
        encoded = json.dumps(request).encode()
        try:
            answer = await pool.call(len(encoded).to_bytes(4, "big") + encoded + document, seconds=self._seconds)
        except ChildError as exc:
            raise MediationError(str(exc)) from exc
        end = 4 + int.from_bytes(answer[:4], "big")
        return json.loads(answer[4:end]), answer[end:]

    async def aclose(self) -> None:
        """End the workers; the next transformation starts new ones."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()


PROCESSOR: Final = Processor()
