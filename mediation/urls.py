"""Proxy services and APIs in Django's URLs of the main port."""

from django.urls import re_path

from mediation.views import proxy_services

SERVICES = re_path(r"^services/(?P<path>.+)$", proxy_services, name="proxy-service")

urlpatterns = [
    SERVICES,
    re_path(r"^apis/", proxy_services, {"api": True}, name="api"),
]
