from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class HistoryConfig(AppConfig):
    name = "playground.history"

    def ready(self) -> None:
        from playground.history.search_schema import reinstall

        # Sent once all migrations have run, but only for apps with models, which this one is not.
        post_migrate.connect(reinstall, sender=apps.get_app_config("runs"))
