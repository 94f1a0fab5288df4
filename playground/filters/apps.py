from django.apps import AppConfig


class FiltersConfig(AppConfig):
    name = "playground.filters"
