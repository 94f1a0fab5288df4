from django.urls import path

from playground.snippets import views

app_name = "snippets"
urlpatterns = [path("runs/<uuid:run_id>/code/", views.run_code, name="run")]
