"""How dates and times are written, where a locale of Django's is not what we want (FORMAT_MODULE_PATH)."""
