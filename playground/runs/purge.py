"""Deleted sessions go for good after a while: at the engine's start, and once a day after that."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from playground.runs.database import DatabaseThreads
from playground.runs.models import Session

logger = logging.getLogger(__name__)

KEPT_AFTER_DELETION: Final = timedelta(days=30)
EVERY_S: Final = 24 * 60 * 60.0
_AT_ONCE: Final = 20  # sessions in a transaction: recordings are large, and a writer may be waiting


def purge() -> int:
    """Remove some of the sessions that were deleted longer ago than they are kept, with all they hold; how many."""
    expired = Session.objects.filter(deleted_at__lte=timezone.now() - KEPT_AFTER_DELETION)
    ids = list(expired.values_list("pk", flat=True)[:_AT_ONCE])
    Session.objects.filter(pk__in=ids).delete()
    return len(ids)


async def purge_daily(threads: DatabaseThreads, *, every_s: float = EVERY_S) -> None:
    """Until cancelled. Several processes may do it at once: what is gone is gone."""
    while True:
        try:
            while await threads.call(purge):
                pass
        except (OperationalError, InterfaceError) as error:
            logger.warning("Deleted sessions cannot be purged now, the database does not answer: %s", error)
        await asyncio.sleep(every_s)
