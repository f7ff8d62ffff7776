"""URLs of the ports of their own: the proxy services, and the sequence ``main`` for everything else."""

from django.urls import include, path, re_path

from mediation.views import proxy_services

urlpatterns = [
    path("", include("mediation.urls")),
    re_path("", proxy_services, {"path": ""}, name="main-sequence"),
]
