from django.urls import path

from playground.prompts import views

app_name = "prompts"

urlpatterns = [
    path("", views.playground, name="playground"),
    # /sessions/<id>/
    path("sessions/<uuid:session_id>/", views.session, name="session"),
    # /turns/
    path("turns/", views.turns, name="turns"),
    path("turns/<uuid:turn_id>/stop/", views.stop_turn, name="stop-turn"),
    # /runs/<id>/
    path("runs/<uuid:run_id>/retry/", views.retry, name="retry"),
    path("runs/<uuid:run_id>/stop/", views.stop, name="stop"),
]
