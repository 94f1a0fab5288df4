import asyncio
from typing import TYPE_CHECKING

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_delete, post_save

if TYPE_CHECKING:
    from playground.runs.engine import Engine


class RunsConfig(AppConfig):
    """Owns the engine of this process, from the moment that a server starts it."""

    name = "playground.runs"
    engine: "Engine | None" = None

    def build_engine(self) -> "Engine":
        """The engine as the settings want it; whoever builds it enters and leaves it, and sets `engine` meanwhile."""
        from playground.runs.engine import Engine, EngineConfig

        config = EngineConfig(
            max_runs=settings.PLAYGROUND_MAX_RUNS,
            run_deadline_s=settings.PLAYGROUND_RUN_DEADLINE_S,
            sole_owner=connection.vendor == "sqlite",
            redis_url=settings.REDIS_URL,
            max_unstored_bytes=settings.PLAYGROUND_MAX_UNSTORED_BYTES,
        )
        return Engine(config)

    def ready(self) -> None:
        from playground.runs.leavers import stop_runs, tell_role  # needs the models
        from playground.runs.samples import give_samples
        from playground.runs.token_limits import used_today
        from playground.workspaces import token_facts
        from playground.workspaces.models import Membership
        from playground.workspaces.signals import workspace_created

        self._starting = asyncio.Lock()
        token_facts.register_use(used_today)
        workspace_created.connect(give_samples, dispatch_uid="samples_of_a_new_workspace")
        post_delete.connect(stop_runs, sender=Membership, dispatch_uid="stop_runs_of_leavers")
        post_save.connect(tell_role, sender=Membership, dispatch_uid="tell_pages_of_a_role")

    async def ensure_engine(self) -> None:
        """Start the engine on the running loop if no one has: for ASGI servers other than our own `serve`."""
        if self.engine is None:
            async with self._starting:
                if self.engine is None:
                    self.engine = await self.build_engine().__aenter__()

    async def close_engine(self) -> None:
        engine = self.engine
        if engine is not None:
            await engine.drain(settings.PLAYGROUND_STOP_GRACE_S)
            self.engine = None
            await engine.__aexit__(None, None, None)


def running_engine() -> "Engine | None":
    """The engine of this process; None where no server started one, or not yet."""
    config = apps.get_app_config("runs")
    assert isinstance(config, RunsConfig)  # noqa: S101  (for the type checker: this is our own app)
    return config.engine
