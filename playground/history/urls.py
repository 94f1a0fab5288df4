from django.urls import path

from playground.history.views import bulk, imports, runs, saved, sessions

app_name = "history"

urlpatterns = [
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/live/", sessions.live, name="live"),
    path("sessions/sidebar/", sessions.sidebar, name="sidebar"),
    path("sessions/import/", imports.import_sessions, name="import"),
    path("sessions/bulk/", bulk.act, name="bulk"),
    path("sessions/bulk/restore/", bulk.restore, name="restore-all"),
    path("sessions/filters/", saved.create, name="save-filter"),
    path("sessions/filters/<int:filter_id>/", saved.change, name="change-filter"),
    path("sessions/filters/<int:filter_id>/delete/", saved.delete, name="delete-filter"),
    # /sessions/<id>/
    path("sessions/<uuid:session_id>/rename/", sessions.rename, name="rename"),
    path("sessions/<uuid:session_id>/row/", sessions.row, name="row"),
    path("sessions/<uuid:session_id>/pin/", sessions.pin, name="pin"),
    path("sessions/<uuid:session_id>/delete/", sessions.delete, name="delete"),
    path("sessions/<uuid:session_id>/restore/", sessions.restore, name="restore"),
    # /runs/<id>/
    path("runs/<uuid:run_id>/", runs.run, name="run"),
    *(path(f"runs/<uuid:run_id>/{view}/", runs.panel, {"view": view}, name=view) for view in runs.TABS),
    path("runs/<uuid:run_id>/inspect/", runs.inspector, name="inspect"),
    path("runs/<uuid:run_id>/events/<int:seq>/", runs.event, name="event"),
]
