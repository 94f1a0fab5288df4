from django.urls import path

from playground.prompts import session_views, views

app_name = "prompts"

urlpatterns = [
    path("", views.playground, name="playground"),
    path("sessions/samples/", views.samples, name="samples"),
    path("live/", session_views.live, name="live"),
    # /sessions/<id>/
    path("sessions/<uuid:session_id>/", views.session, name="session"),
    path("sessions/<uuid:session_id>/turns/", session_views.session_turns, name="session-turns"),
    path("sessions/<uuid:session_id>/visibility/", session_views.visibility, name="visibility"),
    path("sessions/<uuid:session_id>/copy/", session_views.copy, name="copy"),
    # /turns/
    path("turns/", views.turns, name="turns"),
    path("turns/<uuid:turn_id>/stop/", views.stop_turn, name="stop-turn"),
    # /runs/<id>/
    path("runs/<uuid:run_id>/retry/", views.retry, name="retry"),
    path("runs/<uuid:run_id>/continue/", views.go_on, name="continue"),
    path("runs/<uuid:run_id>/stop/", views.stop, name="stop"),
]
