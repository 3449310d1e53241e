"""Which room answers which address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from simweb import health
from simweb.api import api

urlpatterns = [
    path("health", health.health),
    path("api/health", health.health),
    path("ready", health.ready),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/favicon.svg")),
    path("", include("simweb.access.urls")),
    path("", include("metrics.urls")),
    path("", include("runs.urls")),
    path("", include("performance.urls")),
    path("", include("experiments.urls")),
]
handler404 = "simweb.errors.not_found"
handler403 = "simweb.errors.forbidden"
handler500 = "simweb.errors.server_error"
