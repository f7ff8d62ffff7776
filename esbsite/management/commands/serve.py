"""``serve``: the main port and the engine, for production."""

import re

from daphne.endpoints import build_endpoint_description_strings
from django.core.management.base import BaseCommand, CommandError

from esbsite.main_port import MainPortServer

ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[^:]+):)?(?P<port>\d{1,5})")


class Command(BaseCommand):
    help = (
        "Serves the admin on [ADDR:]PORT (127.0.0.1:8000), proxy services and inbound endpoints on their own ports. "
        "SIGTERM and Ctrl-C let requests in flight finish; a second one exits now."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser) -> None:
        parser.add_argument("address", nargs="?", default="127.0.0.1:8000", help="[ADDR:]PORT of the main port")

    def handle(self, *args, address: str, **options) -> None:
        found = ADDRESS.fullmatch(address)
        if not found:
            raise CommandError(f"{address} is not [ADDR:]PORT, such as 8000 or 0.0.0.0:8000")
        # Importing the application tells the engine to start with the reactor.
        from esbsite.asgi import application

        host = (found["host"] or "127.0.0.1").strip("[]")
        MainPortServer(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=int(found["port"])),
            # The age of a connection says nothing about whether it is in use.
            websocket_timeout=-1,
            server_name="Django ESB",
            verbosity=options["verbosity"],
        ).run()
