"""The registry of steps: a plan is read back through this list; a new step is a file and a line here."""

from mainstay.steps.step import Look, Step

__all__ = ["Look", "Step"]
