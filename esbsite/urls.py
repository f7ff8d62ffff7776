"""The main port: the admin, and the portable routes to proxy services."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.site.site_header = admin.site.site_title = "Django ESB"
admin.site.index_title = "Artifacts"

urlpatterns = [path("", include("mediation.urls"))]

if settings.ESB_ADMIN_ON_MAIN:
    urlpatterns += [
        path("", RedirectView.as_view(pattern_name="admin:index")),
        path("admin/", admin.site.urls),
    ]
