"""What is wrong with a file."""

from playground.recording.session_file import NotASessionFile


class NotARecording(NotASessionFile):
    """Its text is one sentence for a person: what is wrong, and in which line."""


class UnknownContent(NotARecording):
    """It cannot be told what the file is, or in which dialect: whoever sent it can choose."""
