"""The gateway `/v1`: OpenAI's API in front of every model, each call recorded."""
