import logging

import pytest

from playground.accounts.redaction import RedactTokens

TOKEN = "Zq3-secret_0123456789"


@pytest.mark.parametrize(
    "path",
    [
        f"/sign-in/link/{TOKEN}/",
        f"/join/{TOKEN}/",
        f"/sign-in/?next=/join/{TOKEN}/",
        f"/sign-in/?next=%2Fjoin%2F{TOKEN}%2F",
        f"/reset/{TOKEN}/",
        f"/password-reset/MQ/{TOKEN}/",
        f"/s/{TOKEN}/",
        f"/a/{TOKEN}/",
        f"/ws/v1?share={TOKEN}",
    ],
)
def test_a_token_in_an_address_is_left_out(path: str) -> None:
    record = logging.LogRecord("test", logging.ERROR, "", 0, "Not Found: %s (%d)", (path, 404), None)
    assert RedactTokens().filter(record)
    assert TOKEN not in record.getMessage()
    assert "…" in record.getMessage()


def test_other_addresses_stay_as_they_are() -> None:
    record = logging.LogRecord("test", logging.ERROR, "", 0, "Not Found: %s", ("/workspace/members/3/reset/",), None)
    RedactTokens().filter(record)
    assert record.getMessage() == "Not Found: /workspace/members/3/reset/"
