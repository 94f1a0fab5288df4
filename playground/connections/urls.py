from django.urls import path

from playground.connections import capability_views, views

app_name = "connections"

urlpatterns = [
    path("connections/", views.connection_list, name="list"),
    path("connections/add/", views.add, name="add"),
    path("connections/capabilities/", capability_views.capabilities, name="capabilities"),
    path("connections/capabilities/measure/", capability_views.measure, name="measure"),
    path("connections/capabilities/measure-all/", capability_views.measure_all, name="measure-all"),
    path("connections/<slug:name>/edit/", views.edit, name="edit"),
    path("connections/<slug:name>/delete/", views.delete, name="delete"),
    path("connections/<slug:name>/test/", views.test, name="test"),
]
