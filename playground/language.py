"""In which language a request is answered."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

# What programs call: they match on words, and write them into logs.
FOR_PROGRAMS: Final = ("/api/", "/v1/", "/healthz", "/readyz", "/metrics")


class PageLanguageMiddleware(LocaleMiddleware):
    """Pages speak the language of the cookie that the menu sets, else `Accept-Language`; interfaces speak English."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path_info.startswith(FOR_PROGRAMS):
            super().process_request(request)
            return
        translation.activate(settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = settings.LANGUAGE_CODE
