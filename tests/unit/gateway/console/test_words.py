"""Every id that the code can tell has a sentence in both languages, and every text of a page an English one."""

import enum
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract

from gateway.console import catalogue, language
from gateway.console.render import NAVIGATION, NOTICES
from gateway.inbound.forms.faults import TEXTS
from gateway.inbound.problems import STATUS, EdgeError
from schemas.calendar import TermKind
from schemas.discrepancy import DiscrepancyState, Severity, Subject
from schemas.document import ScanReason
from schemas.dossier import Channel, DossierState, IdKind, IntakeMode, PartyKind, ReturnMethod
from schemas.message import AttemptClass, MessageState, Operation
from schemas.shipment import Purpose
from schemas.tracking import Movement

ROOT = Path(__file__).parents[4]
TEMPLATES = ROOT / "gateway" / "console" / "templates"


def told_ids() -> set[str]:
    """Ids that come from enums and tables of the code."""
    found = {f"{group}.{member.value}" for group, kind in _ENUMS.items() for member in kind}
    found |= {f"severity.{level.name.lower()}" for level in Severity}
    found |= {f"national.{n}" for n in range(1, 11)} | set(TEXTS.values()) | {reason.text for reason in ScanReason}
    found |= {str(kind.text) for kind in STATUS} | {f"status.{status}" for status in {*STATUS.values(), 400, 500}}
    found |= {f"status.{kind.status}" for kind in EdgeError.__subclasses__()}
    return found


_ENUMS: dict[str, type[enum.Enum]] = {
    "state": DossierState,
    "movement": Movement,
    "message_state": MessageState,
    "attempt": AttemptClass,
    "operation": Operation,
    "purpose": Purpose,
    "case_state": DiscrepancyState,
    "subject": Subject,
    "channel": Channel,
    "intake_mode": IntakeMode,
    "return_method": ReturnMethod,
    "party_kind": PartyKind,
    "id_kind": IdKind,
    "term": TermKind,
}


def written_ids() -> set[str]:
    """Ids of rules, remedies, faults and forms as they stand in the code."""
    code = "\n".join(
        path.read_text("utf-8") for wing in ("tracking", "gateway") for path in (ROOT / wing).rglob("*.py")
    )
    found = set(re.findall(r'"((?:remedy|fault|form|timeline)\.[a-zA-Z0-9_.\-]+)"', code))
    found |= {"login.wrong", "login.locked"}
    found |= {f"rule.{rule}" for rule in re.findall(r'\bid = "([DE]-[0-9]{2})"', code)}
    return {each for each in found if not each.endswith(".py")}


def test_every_id_that_the_code_can_tell_has_a_sentence() -> None:
    wanted = told_ids() | written_ids()
    assert len(wanted) > 150
    assert sorted(each for each in wanted if not catalogue.known(each)) == []


def test_all_rules_and_their_remedies_are_there() -> None:
    rules = {f"D-{n:02d}" for n in range(1, 43)} | {f"E-{n:02d}" for n in range(1, 23)}
    assert {rule for rule in rules if not catalogue.known(f"rule.{rule}")} == set()
    assert {rule for rule in rules if not catalogue.known(f"remedy.{rule}")} == {"E-01", "E-06"}  # these two agree


@pytest.mark.parametrize("message_id", sorted(catalogue.ids()))
def test_a_sentence_has_the_same_places_in_both_languages(message_id: str) -> None:
    vietnamese, english = (catalogue._sentences()[message_id][n] for n in (0, 1))
    assert vietnamese and english
    assert _places(vietnamese) == _places(english)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_place_that_nobody_filled_does_not_break_the_answer() -> None:
    assert catalogue.sentence("form.too_long") == "Nhiều nhất … ký tự."
    assert catalogue.sentence("form.too_long", "en", limit="9") == "At most 9 characters."


def test_an_id_without_a_sentence_comes_back_as_it_is_and_is_seen() -> None:
    assert catalogue.sentence("no.such.id") == "no.such.id"
    assert not catalogue.known("no.such.id")


def page_texts() -> set[str]:
    """Every text of the templates that gettext is asked for."""
    found: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        with template.open("rb") as file:
            found |= {str(text) for _, text, *_ in extract("jinja2.ext:babel_extract", file, keywords={"_": None})}
    return found | {place.label for place in NAVIGATION} | set(NOTICES.values())


def test_every_text_of_a_page_has_an_english_one_and_no_english_one_is_left_over() -> None:
    texts = page_texts()
    assert len(texts) > 150
    assert sorted(texts - set(language.english())) == []
    assert sorted(set(language.english()) - texts) == []


def test_no_template_writes_vietnamese_past_gettext() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->", "", template.read_text("utf-8"), flags=re.S)
        text = text.replace("₫", "")
        assert not re.search(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9àáèéìíòóùúýãõ]", text), template.name


def test_numbers_and_times_are_written_as_the_language_does() -> None:
    assert (language.number(66572, "vi"), language.number(66572, "en")) == ("66.572", "66,572")
