from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "playground.sharing"

    def ready(self) -> None:
        from playground.runs import grants, retention
        from playground.sharing.grants import resolve
        from playground.sharing.links import shared_sessions

        grants.register(resolve)
        retention.protect("shared", shared_sessions)
