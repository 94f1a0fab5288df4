from django.contrib import admin
from django.urls import include, path

from playground.accounts.views import admin_sign_in
from playground.api.health import healthz, readyz
from playground.api.metrics import metrics
from playground.api.views import api

handler500 = "playground.middleware.server_error"

urlpatterns = [
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/v1/", api.urls),
    path("", include("playground.accounts.urls")),
    path("", include("playground.workspaces.urls")),
    path("", include("playground.connections.urls")),
    path("", include("playground.history.urls")),
    path("", include("playground.prompts.urls")),
    path("", include("playground.library.urls")),
    path("", include("playground.filters.urls")),
    path("", include("playground.snippets.urls")),
    path("", include("playground.review.urls")),
    path("", include("playground.usage.urls")),
    path("", include("playground.replay.urls")),
    path("", include("playground.sharing.urls")),
    path("", include("playground.presenting.urls")),
    path("", include("playground.gateway.urls")),
]
