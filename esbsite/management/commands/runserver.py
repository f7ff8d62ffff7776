"""``runserver``: the main port on 127.0.0.1:8000 and the engine beside it, for development."""

from daphne.management.commands.runserver import Command as DaphneCommand

from esbsite.main_port import MainPortServer


class Command(DaphneCommand):
    help = (
        "Serves the admin on [ADDR:]PORT (127.0.0.1:8000), proxy services and inbound endpoints on their own ports. "
        "Restarts when a source file changes; with --noreload, SIGTERM and Ctrl-C let requests in flight finish."
    )
    server_cls = MainPortServer
