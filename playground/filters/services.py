"""Rules are made and changed here: so that their names and order hold, and that it is noted."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Conflict, InvalidField
from playground.filters.models import FilterRule
from playground.filters.rulesets import MAX_RULES
from playground.workspaces import audit
from playground.workspaces.models import Workspace


def add_rule(user: User, workspace: Workspace, **fields: Any) -> FilterRule:
    """At the end of the list. Raises InvalidField, Conflict."""
    with transaction.atomic():
        rules = Workspace.objects.select_for_update().get(pk=workspace.pk).filter_rules
        if rules.count() >= MAX_RULES:
            raise Conflict(_("A workspace can have at most %(most)d rules: delete one first.") % {"most": MAX_RULES})
        last: int | None = rules.aggregate(last=Max("position"))["last"]
        rule = FilterRule(workspace=workspace, position=0 if last is None else last + 1, **fields)
        _save(rule)
        audit.record(workspace, user, "filter.add", rule, subject_id=rule.pk)
    return rule


def change_rule(user: User, rule: FilterRule, **fields: Any) -> None:
    """Raises InvalidField."""
    changed = [name for name, value in fields.items() if getattr(rule, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(rule, name, fields[name])
    with transaction.atomic():
        _save(rule)
        audit.record(rule.workspace, user, "filter.change", rule, subject_id=rule.pk, changed=changed)


def delete_rule(user: User, rule: FilterRule) -> None:
    with transaction.atomic():
        audit.record(rule.workspace, user, "filter.delete", rule, subject_id=rule.pk)
        rule.delete()


def move_rule(user: User, rule: FilterRule, *, up: bool) -> None:
    """One place up or down; at the end of the list it stays."""
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=rule.workspace_id)
        rules = list(rule.workspace.filter_rules.all())
        place = rules.index(rule)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(rules):
            return
        rules[place], rules[other] = rules[other], rules[place]
        for position, each in enumerate(rules):
            each.position = position
        FilterRule.objects.bulk_update(rules, ["position"])
        audit.record(rule.workspace, user, "filter.change", rule, subject_id=rule.pk, changed=["order"])


def _save(rule: FilterRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        raise InvalidField("name", _("There is a rule of that name already: choose another.")) from None
