"""Everything that can go wrong has a Vietnamese sentence; every setting says what it is."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pydantic

from schemas import errors
from schemas.ids import MessageId
from schemas.numbers import citizen_id, s10
from tests.house import rules


def every_module() -> list[str]:
    """The name of each module of the five packages: all of them can be imported."""
    found = []
    for name in rules.PACKAGES:
        package = importlib.import_module(name)
        found += [module.name for module in pkgutil.walk_packages(package.__path__, f"{name}.")]
    return found


def family(root: type[errors.LienthongError]) -> Iterator[type[errors.LienthongError]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def without_sentence(ids: set[MessageId]) -> list[str]:
    """Ids that the catalogue does not answer with a sentence of its own."""
    catalogue = importlib.import_module("gateway.console.catalogue")
    broken = []
    for message_id in sorted(ids):
        try:
            told = catalogue.sentence(message_id)
        except (KeyError, errors.LienthongError):
            told = ""
        if not told or told == message_id:
            broken.append(str(message_id))
    return broken


def is_section(annotation: object) -> bool:
    """A model of its own with a docstring: its fields are looked at one by one."""
    return inspect.isclass(annotation) and issubclass(annotation, pydantic.BaseModel) and bool(annotation.__doc__)


def undescribed(module: object) -> list[str]:
    """Fields of the module's pydantic models that do not say what they are; a section says it in its docstring."""
    broken = []
    for _, model in inspect.getmembers(module, inspect.isclass):
        if issubclass(model, pydantic.BaseModel) and model.__module__ == getattr(module, "__name__", None):
            broken += [
                f"{model.__name__}.{name}"
                for name, field in model.model_fields.items()
                if not field.description and not is_section(field.annotation)
            ]
    return broken


def test_every_module_can_be_imported_and_every_error_has_a_sentence() -> None:
    for name in every_module():
        if not name.endswith("__main__") and ".migrations." not in name:
            importlib.import_module(name)
    classes = list(family(errors.LienthongError))
    assert len(classes) > 20
    assert [cls.__name__ for cls in classes if not (cls.__doc__ or "").partition("\n")[0].endswith(".")] == []
    assert without_sentence({cls.text for cls in classes}) == []


def test_every_doubt_about_a_number_has_a_sentence() -> None:
    doubts = {
        *(s10.UNASSIGNED_SERVICE, s10.RESERVED_SERVICE),
        *(citizen_id.UNKNOWN_PLACE, citizen_id.BORN_LATER, citizen_id.OLD_NUMBER),
    }
    assert without_sentence(doubts) == []


def test_an_id_without_a_sentence_is_noticed() -> None:
    assert without_sentence({MessageId("no.such.sentence")}) == ["no.such.sentence"]


def test_every_setting_is_described() -> None:
    for name in ("gateway.config", "gateway.sections"):
        assert undescribed(importlib.import_module(name)) == []


def test_a_setting_without_description_is_noticed() -> None:
    class Bare(pydantic.BaseModel):
        __module__ = __name__

        timeout_s: float = 1.0

    class Holder:
        bare = Bare
        __name__ = __name__

    assert undescribed(Holder()) == ["Bare.timeout_s"]
