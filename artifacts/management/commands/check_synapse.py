"""``manage.py check_synapse PATH...``: say what would run."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from artifacts.checking import check_paths
from artifacts.reporting import Outcome, summary
from artifacts.scoring import RUNNING, as_data, score


class Command(BaseCommand):
    help = (
        "Say what of the given configuration would run, what would not, and why; the database is not touched. "
        "Exits with 1 if anything would not run, or cannot be read."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--json", action="store_true", help="write one JSON document instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = check_paths(options["paths"])
        if options["json"]:
            self.stdout.write(json.dumps(as_data(reports), indent=2))
        else:
            for report in reports:
                for line in report.lines():
                    self.stdout.write(line)
            self.stdout.write(summary(reports))
            for line in score(reports).lines():
                self.stdout.write(line)
        if any(entry.outcome not in RUNNING | {Outcome.IGNORED} for report in reports for entry in report.entries):
            raise CommandError("not everything would run")
