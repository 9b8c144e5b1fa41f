"""A store with some of its answers replaced, and nobody who reads through it need know.

Rows read ahead are :mod:`tracking.ahead`, rows as of a moment :mod:`tracking.known`.
"""

from typing import Any, TypeVar, cast

T = TypeVar("T")


def over(real: T, **instead: object) -> T:
    """``real``, but for the attributes that ``instead`` names."""
    return cast(T, _Layer(real, instead))  # it answers to every attribute that ``real`` has


class _Layer:
    def __init__(self, real: object, instead: dict[str, object]) -> None:
        self._real = real
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)  # Python comes here only for what ``instead`` lacks
