from django.urls import path

from playground.review.views import mentions, panel, queue, sessions, threads, words

app_name = "review"

urlpatterns = [
    path("review/", queue.queue, name="queue"),
    path("review/next/", queue.following, name="next"),
    path("review/mentions/", mentions.mentions, name="mentions"),
    path("review/mentions/seen/", mentions.seen, name="seen"),
    path("review/mentions/badge/", mentions.badge, name="badge"),
    path("review/tags/", words.tags, name="tags"),
    path("review/tags/<int:tag_id>/rename/", words.rename, name="rename-tag"),
    path("review/tags/<int:tag_id>/delete/", words.remove, name="delete-tag"),
    path("review/scales/", words.scales, name="scales"),
    path("review/scales/<int:scale_id>/", words.change_scale, name="change-scale"),
    # /review/sessions/<id>/
    path("review/sessions/<uuid:session_id>/", panel.session, name="session"),
    path("review/sessions/<uuid:session_id>/marks/", panel.marks, name="marks"),
    path("review/sessions/<uuid:session_id>/threads/", threads.start, name="start"),
    path("review/sessions/<uuid:session_id>/tags/", sessions.add_tag, name="add-tag"),
    path("review/sessions/<uuid:session_id>/tags/<int:tag_id>/remove/", sessions.remove_tag, name="remove-tag"),
    path("review/sessions/<uuid:session_id>/redactions/", sessions.redact, name="redact"),
    path("review/sessions/<uuid:session_id>/ask/", queue.ask, name="ask"),
    path("review/sessions/<uuid:session_id>/assign/", queue.assign, name="assign"),
    path("review/sessions/<uuid:session_id>/done/", queue.done, name="done"),
    path("review/sessions/<uuid:session_id>/withdraw/", queue.withdraw, name="withdraw"),
    path("review/redactions/<int:redaction_id>/remove/", sessions.unredact, name="unredact"),
    path("review/redactions/<int:redaction_id>/everywhere/", sessions.redact_everywhere, name="redact-everywhere"),
    path("review/runs/<uuid:run_id>/rate/", sessions.rate, name="rate"),
    path("review/threads/<uuid:thread_id>/", threads.thread, name="thread"),
    path("review/threads/<uuid:thread_id>/reply/", threads.reply, name="reply"),
    path("review/threads/<uuid:thread_id>/resolve/", threads.resolve, name="resolve"),
    path("review/comments/<int:comment_id>/edit/", threads.edit, name="edit"),
    path("review/comments/<int:comment_id>/delete/", threads.delete, name="delete"),
]
