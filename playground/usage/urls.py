from django.urls import path

from playground.usage import views

app_name = "usage"

urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/download/", views.download, name="download"),
    path("usage/limits/", views.limits, name="limits"),
]
