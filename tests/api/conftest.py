from tests.runs.conftest import api_client, server

__all__ = ["api_client", "server"]
