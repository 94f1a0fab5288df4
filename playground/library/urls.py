from django.urls import path

from playground.library.views import batches, composer, prompts, versions

app_name = "library"

urlpatterns = [
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/new/", prompts.new, name="new"),
    path("prompts/find/", composer.find, name="find"),
    path("prompts/preview/", composer.preview, name="preview"),
    path("prompts/draft/", composer.draft, name="draft"),
    # /prompts/<id>/
    path("prompts/<uuid:prompt_id>/", prompts.prompt, name="prompt"),
    path("prompts/<uuid:prompt_id>/edit/", prompts.edit, name="edit"),
    path("prompts/<uuid:prompt_id>/delete/", prompts.delete, name="delete"),
    path("prompts/<uuid:prompt_id>/restore/", prompts.restore, name="restore"),
    path("prompts/<uuid:prompt_id>/diff/", versions.diff, name="diff"),
    path("prompts/<uuid:prompt_id>/batch/", batches.new_batch, name="new-batch"),
    path("prompts/<uuid:prompt_id>/versions/<int:number>/restore/", versions.restore_version, name="restore-version"),
    # /batches/<id>/
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/stop/", batches.stop_batch, name="stop-batch"),
    path("batches/<uuid:batch_id>/export/", batches.export_batch, name="export-batch"),
]
