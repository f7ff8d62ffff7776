"""Django's view of the engine: an app whose models hold run-time data only."""

from django.apps import AppConfig


class MediationConfig(AppConfig):
    name = "mediation"
    verbose_name = "Run time"
    default_auto_field = "django.db.models.BigAutoField"
