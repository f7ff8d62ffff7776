"""``manage.py generate_reference [DIR]``: write the reference of the language."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from mediation.reference import pages


class Command(BaseCommand):
    help = "Write the reference of mediators, endpoints, artifacts and properties as Markdown, from the code."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        default = Path(settings.BASE_DIR) / "docs" / "reference"
        parser.add_argument("directory", nargs="?", type=Path, default=default, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["directory"]
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (directory / name).write_text(text, encoding="utf-8")
            self.stdout.write(str(directory / name))
