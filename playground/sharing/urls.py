from django.urls import path

from playground.sharing.views import exports, gate, manage, pages

app_name = "sharing"

urlpatterns = [
    path("sessions/<uuid:session_id>/share/", manage.session_links, name="links"),
    path("compare/share/", manage.comparison_links, name="comparison-links"),
    path("workspace/links/", manage.workspace_links, name="workspace-links"),
    path("links/<int:link_id>/revoke/", manage.revoke, name="revoke"),
    path("sessions/<uuid:session_id>/export/", exports.session, name="export"),
    path("runs/<uuid:run_id>/export/", exports.run, name="export-run"),
    path("runs/<uuid:run_id>/export/recording/", exports.recording, name="export-recording"),
    path("runs/<uuid:run_id>/export/timeline.svg", exports.timeline, name="export-timeline"),
    path("runs/<uuid:run_id>/export/replay.svg", exports.replay, name="export-replay"),
    # What a link opens; accounts.redaction keeps these addresses out of logs.
    path("s/<str:token>/", pages.page, name="page"),
    path("s/<str:token>/unlock/", gate.unlock, name="unlock"),
    path("s/<str:token>/turns/", pages.turns, name="turns"),
    path("s/<str:token>/runs/<uuid:run_id>/", pages.run_view, name="run"),
    path("s/<str:token>/runs/<uuid:run_id>/<str:view>/", pages.run_view, name="run-view"),
    path("s/<str:token>/replay/<uuid:turn_id>/", pages.replay, name="replay"),
    path("s/<str:token>/replay/<uuid:turn_id>/recording.json", pages.recording, name="recording"),
]
