from django.urls import path

from playground.prompts import views

app_name = "prompts"

urlpatterns = [
    path("", views.playground, name="playground"),
]
