from django.urls import path

from playground.connections import views

app_name = "connections"

urlpatterns = [
    path("connections/", views.connection_list, name="list"),
    path("connections/add/", views.add, name="add"),
    path("connections/<slug:name>/edit/", views.edit, name="edit"),
    path("connections/<slug:name>/delete/", views.delete, name="delete"),
    path("connections/<slug:name>/test/", views.test, name="test"),
]
