from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "playground.connections"

    def ready(self) -> None:
        from playground.connections.catalogue import connection_names  # needs the models
        from playground.workspaces import token_facts

        token_facts.register_connections(connection_names)
