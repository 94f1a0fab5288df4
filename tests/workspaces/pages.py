"""What the pages of a workspace show, as tests read it."""

import re

from django.test import Client


def shown_link(client: Client) -> str:
    """The path of the link that the page of members shows once."""
    response = client.get("/workspace/members/")
    assert "no-store" in response["Cache-Control"]
    found = re.search(r'id="new-link"[^>]*value="http://testserver(/[^"]+)"', response.content.decode())
    assert found is not None, response.content.decode()
    return found[1]
