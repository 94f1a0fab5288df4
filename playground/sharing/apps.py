from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "playground.sharing"

    def ready(self) -> None:
        from playground.runs import grants
        from playground.sharing.grants import resolve

        grants.register(resolve)
