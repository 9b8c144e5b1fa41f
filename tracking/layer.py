"""A port with its answers replaced: what :mod:`tracking.known` shows rules in place of the store of today."""

from types import SimpleNamespace
from typing import TypeVar, cast

T = TypeVar("T")


def over(real: T, **instead: object) -> T:
    """``real``, but for the attributes that ``instead`` names."""
    return cast(T, _Over(real, instead))  # it answers to every attribute that ``real`` has


def only(real: T, **answers: object) -> T:
    """Nothing of ``real`` but these answers: to ask for another one is a fault of the program, never a silent look."""
    return cast(T, SimpleNamespace(**answers))  # AttributeError is what we want


class _Over:
    def __init__(self, real: object, instead: dict[str, object]) -> None:
        self._real = real
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)  # Python comes here only for what ``instead`` lacks
