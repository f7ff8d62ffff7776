"""
A child process that runs scripts; started as a program of its own, not imported.

Each script has a JavaScript engine of its own, so that scripts do not meet. Requests and answers are JSON; their
lengths go before them (4 bytes, big-endian).
"""

from __future__ import annotations

import json
import resource
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, Final

import quickjs

FACADE: Final = (Path(__file__).parent / "facade.js").read_text("utf-8")
MAX_ENGINES: Final = 32
STACK_BYTES: Final = 512 * 1024
PROCESS_BYTES: Final = 2 * 1024 * 1024 * 1024
"""Of address space, in case that an engine's own limit does not hold."""


class Engine:
    """One script's engine; not used again after it failed."""

    def __init__(self, script: dict[str, Any]) -> None:
        self._context = context = quickjs.Context()
        context.set_memory_limit(script["memory"])
        context.set_max_stack_size(STACK_BYTES)
        context.eval(FACADE)
        for source in script["sources"]:
            context.eval(source)
        context.eval("__loaded()")
        self._run = context.get("__run")
        self._inline = script["inline"]
        self._function = script["function"]

    def run(self, request: dict[str, Any]) -> str:
        self._context.set_time_limit(request["seconds"])
        return str(self._run(request["snapshot"], self._inline, self._function, request["arguments"]))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    engines: OrderedDict[str, Engine] = OrderedDict()
    while head := requests.read(4):
        request = json.loads(requests.read(int.from_bytes(head, "big")))
        answer = _answer(engines, request).encode("utf-8", "replace")
        answers.write(len(answer).to_bytes(4, "big") + answer)
        answers.flush()


def _answer(engines: OrderedDict[str, Engine], request: dict[str, Any]) -> str:
    key = request["script"]["id"]
    engine = engines.pop(key, None)
    try:
        if engine is None:
            engine = Engine(request["script"])
        answer = engine.run(request)
    except quickjs.JSException as exc:
        text = str(exc)
        reason = (
            "it took too long"
            if "interrupted" in text
            else text.splitlines()[0]
            if text.strip()
            else "out of memory or stack"
        )
        return json.dumps({"error": reason, "line": None, "log": []})
    except MemoryError:
        return json.dumps({"error": "out of memory", "line": None, "log": []})
    engines[key] = engine
    if len(engines) > MAX_ENGINES:
        engines.popitem(last=False)
    return answer


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (PROCESS_BYTES, PROCESS_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
