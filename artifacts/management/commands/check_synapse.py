"""``manage.py check_synapse PATH...``: say what would run."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from artifacts.checking import RUNNING, check_paths, score
from artifacts.reporting import Outcome, summary


class Command(BaseCommand):
    help = (
        "Say what of the given configuration would run, what would not, and why; the database is not touched. "
        "Exits with 1 if anything would not run, or cannot be read."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = check_paths(options["paths"])
        for report in reports:
            for line in report.lines():
                self.stdout.write(line)
        self.stdout.write(summary(reports))
        for line in score(reports):
            self.stdout.write(line)
        if any(entry.outcome not in RUNNING | {Outcome.IGNORED} for report in reports for entry in report.entries):
            raise CommandError("not everything would run")
