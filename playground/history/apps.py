from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HistoryConfig(AppConfig):
    name = "playground.history"

    def ready(self) -> None:
        from playground.history.search_schema import reinstall

        post_migrate.connect(reinstall, sender=self)
