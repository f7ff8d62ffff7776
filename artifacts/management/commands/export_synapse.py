"""``manage.py export_synapse DIR``: write the configuration as files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from artifacts.exporting import ExportError, export_directory


class Command(BaseCommand):
    help = "Write all artifacts and the transports' parameters in the multi-file layout; import_synapse reads it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR")
        parser.add_argument("--force", action="store_true", help="write into a directory that is not empty")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            written = export_directory(options["directory"], force=options["force"])
        except (ExportError, OSError) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"{len(written)} files written to {options['directory']}")
