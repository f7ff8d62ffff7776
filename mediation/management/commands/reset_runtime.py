"""``reset_runtime``: have the serving processes forget what they learned at run time."""

from typing import Any

from django.core.management.base import BaseCommand

from mediation.monitoring.processes import ask_for_reset


class Command(BaseCommand):
    help = (
        "Makes every serving process end the suspension of endpoints, empty its caches and message stores in memory, "
        "activate message processors that were deactivated, and close its pooled connections to back-ends, within a "
        "second. Configuration, messages in durable stores and clients' connections stay."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        processes = ask_for_reset()
        self.stdout.write(f"asked: {', '.join(processes)}" if processes else "no process is up")
