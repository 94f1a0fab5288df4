"""Deleted sessions go for good after a while, and what the settings say is too old: at the start, then once a day."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from django.utils import timezone

from playground.runs.database import DatabaseThreads, first_line, is_away
from playground.runs.models import Session
from playground.runs.retention import Pruned, Pruning, daily_policy, in_words

logger = logging.getLogger(__name__)

KEPT_AFTER_DELETION: Final = timedelta(days=30)
EVERY_S: Final = 24 * 60 * 60.0
RETRY_S: Final = 10 * 60.0  # while the database is away
_AT_ONCE: Final = 20  # sessions in a transaction: recordings are large, and a writer may be waiting


def purge() -> int:
    """Remove some of the sessions that were deleted longer ago than they are kept, with all they hold; how many."""
    expired = Session.objects.filter(deleted_at__lte=timezone.now() - KEPT_AFTER_DELETION)
    ids = list(expired.values_list("pk", flat=True)[:_AT_ONCE])
    Session.objects.filter(pk__in=ids).delete()
    return len(ids)


async def purge_deleted(threads: DatabaseThreads) -> None:
    """All that `purge` removes."""
    while await threads.call(purge):
        pass


async def prune_old(threads: DatabaseThreads) -> None:
    """What the settings ask for, if they do."""
    policy = daily_policy()
    if policy is None:
        return
    pruning = Pruning(policy)
    while await threads.call(pruning.step):
        pass
    if pruning.pruned != Pruned():
        logger.info("Pruned by age: %s.", in_words(pruning.pruned))


async def purge_daily(threads: DatabaseThreads, *, every_s: float = EVERY_S) -> None:
    """Until cancelled. Several processes may do it at once: what is gone is gone. What fails is tried again later."""
    while True:
        wait_s = every_s
        for work in (purge_deleted, prune_old):
            try:
                await work(threads)
            except Exception as error:
                if is_away(error):
                    wait_s = min(every_s, RETRY_S)
                    logger.warning(
                        "Old sessions cannot be removed now, the database does not take it: %s", first_line(error)
                    )
                else:
                    logger.exception("Old sessions could not be removed.")
        await asyncio.sleep(wait_s)
