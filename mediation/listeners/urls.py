"""URLs of the ports of their own: proxy services, and APIs and the sequence ``main`` for everything else."""

from django.urls import re_path

from mediation.urls import SERVICES
from mediation.views import proxy_services

urlpatterns = [SERVICES, re_path("", proxy_services, name="api-or-main-sequence")]
