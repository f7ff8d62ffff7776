"""``manage.py import_synapse PATH...``: put Synapse configuration into the bus."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from artifacts.importing import Options, import_paths
from artifacts.models import Deployment
from artifacts.reporting import summary

POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = (
        "Import Synapse configuration: XML files, directories, .zip and .car packages, deployment.toml. "
        "Each path is one transaction. Exits with 1 if something given was not taken (clash, rejected)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument(
            "--replace", action="store_true", help="take the given artifact where a different one exists"
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="remove artifacts that the given paths do not contain (never transports)",
        )
        parser.add_argument("--strict", action="store_true", help="reject a path that has any fault or warning")
        parser.add_argument(
            "--wait",
            nargs="?",
            type=float,
            const=30.0,
            metavar="SECONDS",
            help="return when every serving process has the new configuration, at most SECONDS later (30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = Options(**{name: options[name] for name in ("replace", "prune", "strict", "dry_run")})
        reports = import_paths(options["paths"], chosen)
        for report in reports:
            for line in report.lines():
                self.stdout.write(line)
        self.stdout.write(summary(reports) + (" (dry run, nothing was changed)" if chosen.dry_run else ""))
        if options["wait"] is not None and not chosen.dry_run:
            self._wait(options["wait"])
        if any(report.failed for report in reports):
            raise CommandError("not everything was imported")

    def _wait(self, seconds: float) -> None:
        from mediation.monitoring.processes import live_generations

        generation = Deployment.current()
        deadline = time.monotonic() + seconds
        while late := {name: served for name, served in live_generations().items() if served < generation}:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"after {seconds:g} s not serving generation {generation} yet: {', '.join(sorted(late))}"
                )
            time.sleep(POLL_SECONDS)
        self.stdout.write(
            f"serving generation {generation}: {', '.join(sorted(live_generations())) or 'no process is up'}"
        )
