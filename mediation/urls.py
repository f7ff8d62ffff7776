"""Proxy services in Django's URLs, for the main port and for the ports of their own."""

from django.urls import re_path

from mediation.views import proxy_services

urlpatterns = [re_path(r"^services/(?P<path>.+)$", proxy_services, name="proxy-service")]
