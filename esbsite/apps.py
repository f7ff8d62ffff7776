"""Joins the two apps when Django starts."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "esbsite"
    verbose_name = "Django ESB"
