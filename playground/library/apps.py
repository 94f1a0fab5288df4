from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "playground.library"

    def ready(self) -> None:
        from playground.library.batches import run_batches  # needs the models
        from playground.runs import duties

        duties.register("batches", run_batches)
