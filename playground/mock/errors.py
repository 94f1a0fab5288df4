"""What is wrong with a wish for a replay."""


class BadOption(ValueError):
    """`field` names the request field or header, `message` is one sentence for a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class NotServed(Exception):
    """The recording cannot be served in this way; `message` says in which it can."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
