from django.apps import AppConfig


class SnippetsConfig(AppConfig):
    name = "playground.snippets"
