from django.urls import path

from playground.replay.views import compare, player

app_name = "replay"

urlpatterns = [
    path("compare/", compare.compare, name="compare"),
    # /runs/<id>/
    path("runs/<uuid:run_id>/replay/", player.run, name="run"),
    path("runs/<uuid:run_id>/replay/recording.json", player.run_recording, name="run-recording"),
    # /turns/<id>/
    path("turns/<uuid:turn_id>/replay/", player.turn, name="turn"),
    path("turns/<uuid:turn_id>/replay/recording.json", player.turn_recording, name="turn-recording"),
]
