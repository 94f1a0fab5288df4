"""The pages of connections."""

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground.connections.access import (
    connection_to_change,
    visible_connections,
    workspace_to_change,
    workspace_to_view,
)
from playground.connections.builtin import LOCAL, SIM
from playground.connections.capabilities import Cell, cells_of
from playground.connections.catalogue import endpoint_of, list_models
from playground.connections.changes import changed_fields
from playground.connections.check import Report, check
from playground.connections.forms import ConnectionForm
from playground.connections.measurements import Row, forget, keep, last_of
from playground.connections.models import Connection
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.workspaces.access import has_role
from playground.workspaces.audit import record
from playground.workspaces.models import Role


@login_required
@require_GET
def connection_list(request: HttpRequest) -> HttpResponse:
    workspace = workspace_to_view(request.user)
    last = last_of(workspace)
    context = {
        "connections": [(each, *_last(last.get(each.name))) for each in visible_connections(workspace)],
        "builtin": [model for model in list_models(workspace) if model.connection in {LOCAL, SIM}],
        "may_change": has_role(request.user, workspace, Role.OWNER),
    }
    return render(request, "connections/list.html", context)


@sensitive_post_parameters("api_key", "headers", "proxy")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = ConnectionForm(workspace_to_change(request.user), data=request.POST or None)
    return _form_page(request, form)


@sensitive_post_parameters("api_key", "headers", "proxy")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    connection = connection_to_change(request.user, name)
    form = ConnectionForm(connection.workspace, connection, request.POST or None)
    return _form_page(request, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """A GET asks, the POST deletes. Recorded runs stay: they name their model, and need no connection."""
    connection = connection_to_change(request.user, name)
    if request.method != "POST":
        return render(request, "connections/delete.html", {"connection": connection})
    with transaction.atomic():
        record(connection.workspace, request.user, "connection.delete", connection.name)
        forget(connection)
        connection.delete()
    messages.success(request, _("The connection “%s” is deleted. What was recorded through it stays.") % name)
    return redirect("connections:list")


@login_required
@require_POST
async def test(request: HttpRequest, name: str) -> HttpResponse:
    """Asks the upstream, shows how it answered, and keeps what was measured."""
    connection, endpoint = await sync_to_async(_to_test)(request, name)
    async with UpstreamClient() as http:
        report = await check(endpoint, connection.model_names, http)
    template = "connections/_report.html" if request.headers.get("HX-Request") else "connections/report.html"
    context = {"connection": connection, "report": report, "cells": await sync_to_async(_keep)(connection, report)}
    response = await sync_to_async(render)(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _last(row: Row | None) -> tuple[Row | None, Cell | None]:
    """What was measured last, and how that streams."""
    return row, cells_of(row)[0] if row is not None else None


def _to_test(request: HttpRequest, name: str) -> tuple[Connection, Endpoint]:
    connection = connection_to_change(request.user, name)
    return connection, endpoint_of(connection)


def _keep(connection: Connection, report: Report) -> list[Cell]:
    """Returns what was measured, in words."""
    if report.measured is not None:
        keep(connection.workspace, connection.name, report.model, report.measured)
    return cells_of(Row(connection.name, report.model, connection.dialect, measured=report.measured))


def _form_page(request: HttpRequest, form: ConnectionForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        action = "connection.change" if form.connection else "connection.add"
        details = {"changed": changed_fields(form)} if form.connection else {"base_url": form.cleaned_data["base_url"]}
        with transaction.atomic():
            connection = form.save()
            record(connection.workspace, request.user, action, connection.name, **details)
        messages.success(request, _("The connection “%s” is saved. Test it to see how it streams.") % connection.name)
        return redirect("connections:list")
    return render(request, "connections/form.html", {"form": form}, status=422 if form.is_bound else 200)
