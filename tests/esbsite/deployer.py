"""
A process that deploys what it reads: one line of JSON, a list of artifacts, which become the whole configuration.

Answers ``live`` when every serving process has it. A command for each change would take a second for its imports alone.
"""

import json
import sys
import time

import django


def main() -> None:
    django.setup()
    from django.db import transaction

    from artifacts.models import ARTIFACT_MODELS, Deployment
    from artifacts.store import save_artifact
    from mediation.monitoring.processes import live_generations

    for line in sys.stdin:
        with transaction.atomic():
            for model in ARTIFACT_MODELS:
                model.objects.all().delete()
            for xml in json.loads(line):
                save_artifact(xml)
        while any(generation < Deployment.current() for generation in live_generations().values()):
            time.sleep(0.005)
        sys.stdout.write("live\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
