from django.urls import path

from playground.presenting.views import audience, prepare, show

app_name = "presenting"

urlpatterns = [
    path("sessions/<uuid:session_id>/present/", prepare.prepare, name="prepare"),
    path("sessions/<uuid:session_id>/present/check/", prepare.start_preflight, name="check"),
    path("sessions/<uuid:session_id>/present/report/", prepare.preflight_report, name="report"),
    path("turns/<uuid:turn_id>/present/note/", prepare.save_note, name="note"),
    path("turns/<uuid:turn_id>/present/recording/", prepare.choose_recording, name="recording"),
    path("present/<uuid:show_id>/", show.stage, name="stage"),
    path("present/<uuid:show_id>/speaker/", show.speaker, name="speaker"),
    path("present/<uuid:show_id>/state/", show.state, name="state"),
    path("present/<uuid:show_id>/do/", show.do, name="do"),
    path("present/<uuid:show_id>/end/", show.end, name="end"),
    path("a/<str:code>/", audience.watch, name="watch"),
    path("a/<str:code>/state/", audience.watched_state, name="watched-state"),
]
