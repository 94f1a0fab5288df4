from django.apps import AppConfig


class PresentingConfig(AppConfig):
    name = "playground.presenting"

    def ready(self) -> None:
        from playground.presenting.access import open_to
        from playground.presenting.grants import resolve
        from playground.runs import grants, room_access

        grants.register(resolve)
        room_access.register("show", open_to)
