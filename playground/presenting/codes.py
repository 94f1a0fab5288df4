"""The code in an audience's link: short enough to be typed from a screen, too long to be guessed.

It is derived from the show's id and SECRET_KEY, so the presenter's pages can show it though only its digest is stored.
"""

from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without what is mistaken for another: 0 and o, 1, i and l."""

LENGTH: Final = 13
"""31 to the 13th is more than 64 bits."""


def code_of(show_id: UUID) -> str:
    number = int.from_bytes(salted_hmac("playground.presenting.code", str(show_id), algorithm="sha256").digest())
    letters = []
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)
