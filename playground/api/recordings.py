"""Recordings out of and into the workspace, as files: see docs/recording-format.md."""

import io
from typing import IO, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Schema, Status

from playground.api.schemas import ErrorBody
from playground.errors import InvalidField, NotFound
from playground.history.imports import MAX_BYTES, CannotImport, Kept, Wanted, import_file
from playground.http import absolute
from playground.interchange.formats import AUTO, READERS
from playground.providers.dialects import DIALECTS
from playground.runs.access import visible_runs
from playground.runs.models import Run
from playground.sharing.exports.recordings import export_run
from playground.workspaces.access import require_role
from playground.workspaces.models import ApiToken, Role

router = Router()
_PROBLEM = dict.fromkeys((400, 401, 403, 404, 409, 422), ErrorBody)


class ApiRequest(HttpRequest):
    """A request with a valid token."""

    auth: ApiToken


class ImportQuery(Schema):
    """`format`: auto, stream, session, dump, langchain or otlp; `dialect`: of a dump; `name`: of the file in a body."""

    format: str = AUTO
    dialect: str = ""
    name: str = "import"


class ImportedRun(Schema):
    id: UUID
    status: str
    model: str
    url: str


class ImportedSession(Schema):
    """`format` is the one that it was in; `dialect` that of a dump, else ""."""

    id: UUID
    title: str
    format: str
    dialect: str
    url: str
    runs: list[ImportedRun]


class ImportOut(Schema):
    sessions: list[ImportedSession]


@router.get("/runs/{uuid:run_id}/export", summary="Export a run", url_name="export_run")
def get_export(request: ApiRequest, run_id: UUID, format: str = "stream") -> HttpResponse:  # noqa: A002  (the query's)
    """The recording as a file: stream, json, markdown, csv, langchain-v1, langchain-v2, otlp or raw.

    409 for a run that was not recorded or is not over. What is redacted of its session is not in the file.
    """
    runs = visible_runs(request.auth.user).select_related("turn__session__workspace")
    run = runs.filter(id=run_id, turn__session__workspace=request.auth.workspace).first()
    if run is None:
        raise NotFound("There is no such run, or it is not yours.")
    return export_run(run, request.auth.user, format)


@router.post("/imports", response={201: ImportOut, **_PROBLEM}, summary="Import recordings", url_name="import")
def post_import(request: ApiRequest, query: Query[ImportQuery]) -> Status[dict[str, Any]]:
    """Save the recordings of a file as private sessions: the body, or the part `file` of multipart/form-data.

    All formats of the import page, also in a zip; told from the content unless `format` (in the query or the
    form, as `dialect`) names one. At most 50 MB.
    """
    user, workspace = request.auth.user, request.auth.workspace
    require_role(user, workspace, Role.EDITOR)
    if request.content_type == "multipart/form-data":  # whose fields are as good as the query's
        fields = {name: request.POST[name] for name in ("format", "dialect") if request.POST.get(name)}
        query = query.model_copy(update=fields)
    if query.format not in (AUTO, *READERS):
        raise InvalidField("format", f"There is no format “{query.format}”; there are {', '.join((AUTO, *READERS))}.")
    if query.dialect and query.dialect not in DIALECTS:
        raise InvalidField("dialect", f"There is no dialect “{query.dialect}”; there are {', '.join(DIALECTS)}.")
    file, name = _file(request, query.name)
    try:
        kept = import_file(file, name, workspace, user, Wanted(query.format, query.dialect))
    except CannotImport as error:
        raise InvalidField("dialect" if error.is_unknown else "file", str(error)) from None
    return Status(201, {"sessions": [_imported(request, one) for one in kept]})


def _file(request: ApiRequest, name: str) -> tuple[IO[Any], str]:
    if request.content_type == "multipart/form-data":
        sent = request.FILES.get("file")
        if sent is None or isinstance(sent, list):
            raise InvalidField("file", "Send the file as the part “file” of the form, or as the body of the request.")
        if (sent.size or 0) > MAX_BYTES:
            raise InvalidField("file", "The file has more than 50 MB.")
        return sent, sent.name or name
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise InvalidField("file", "The body has more than 50 MB.")
    return io.BytesIO(body), name


def _imported(request: HttpRequest, kept: Kept) -> dict[str, Any]:
    session = kept.session
    runs = Run.objects.filter(turn__session=session).order_by("turn__position", "lane", "created_at")
    return {
        "id": session.pk,
        "title": session.title,
        "format": kept.format_name,
        "dialect": kept.dialect,
        "url": absolute(request, session.get_absolute_url()),
        "runs": [
            {
                "id": run.pk,
                "status": run.status,
                "model": run.model_id,
                "url": absolute(request, reverse("history:run", args=[run.pk])),
            }
            for run in runs
        ],
    }
