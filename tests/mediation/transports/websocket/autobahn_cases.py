"""
Runs the Autobahn cases and prints the results as JSON; a program of its own, because the cases bring a package
``autobahn``, and another one is loaded wherever daphne is.

::

    python -m tests.mediation.transports.websocket.autobahn_cases client ws://localhost:9001/   # tries a server
    python -m tests.mediation.transports.websocket.autobahn_cases server   # prints its port, and tries a client
    python -m tests.mediation.transports.websocket.autobahn_cases client ws://localhost:9001/ "9.*" "12.1.*"
"""

from __future__ import annotations

import asyncio
import json
import sys

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver

NOT_RUN = ["9.*", "12.*", "13.*"]
"""Large messages (the default limit is 1 MiB) and compression: run when they are named."""


AT_A_TIME = 8
"""Cases: most of them mostly wait. Those that are named do not."""


async def main(mode: str, *arguments: str) -> None:
    uri, cases = (arguments[:1], arguments[1:]) if mode == "client" else ((), arguments)
    chosen = {"cases": list(cases)} if cases else {"exclude_cases": NOT_RUN}
    try:
        if mode == "client":
            results = await run_fuzzingclient(*uri, **chosen, concurrency=2 if cases else AT_A_TIME)
        else:
            async with run_fuzzingserver(port=0, **chosen) as server:
                print(server.port, flush=True)  # noqa: T201
                results = await server.get_result()
    except FailureError as failure:
        results = failure.results
    print(json.dumps([(it.case_id, it.behavior.value, it.behavior_close.value) for it in results]))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
