"""An OpenAI-compatible upstream whose pace is named in the model: `async with Simulator() as sim: sim.base_url`."""

from playground.providers.simulator.server import Simulator

__all__ = ["Simulator"]
