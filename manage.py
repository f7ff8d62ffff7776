#!/usr/bin/env python
"""Django's command line for Django ESB."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esbsite.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        raise SystemExit(
            "Django is not installed here. Run `make demo`, or: python3 -m venv .venv && "
            ".venv/bin/pip install -r requirements.txt, then use .venv/bin/python manage.py"
        ) from exc
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
