"""The embedded demo model: one child process a host that serves llama.cpp's OpenAI API on loopback.

A child, because a crash in native code (an old CPU, no memory) must not take the server with it. It is started at
first use, stopped when idle, and shared by all our processes on a host that have the same data folder.
"""

from typing import Final

MODEL_NAME: Final = "smollm2-135m"
SLOTS: Final = 2  # answers at a time; a third waits
CONTEXT: Final = 2048  # tokens of prompt and answer together, in each slot
DEFAULT_MAX_TOKENS: Final = 512  # where a request does not say: this model does not always find an end
