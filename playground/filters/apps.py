from django.apps import AppConfig


class FiltersConfig(AppConfig):
    name = "playground.filters"

    def ready(self) -> None:
        from playground.filters.rulesets import rules_of_run  # needs the models
        from playground.runs import shown

        shown.register("filtered", rules_of_run)
