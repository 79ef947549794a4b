"""Data that ships with Zhiban: example desks, lexicons, quick replies."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def path(name: str) -> Traversable:
    """A data file of this package, wherever it is installed."""
    return files(__name__).joinpath(name)
