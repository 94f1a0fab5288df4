from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save


class WorkspacesConfig(AppConfig):
    name = "playground.workspaces"

    def ready(self) -> None:
        from playground.accounts.signals import tokens_distrusted
        from playground.workspaces.members import superusers_own_the_default_workspace  # needs the models
        from playground.workspaces.tokens import revoke_all

        tokens_distrusted.connect(revoke_all, dispatch_uid="revoke_distrusted_tokens")
        post_save.connect(
            superusers_own_the_default_workspace, sender=get_user_model(), dispatch_uid="superusers_own_default"
        )
