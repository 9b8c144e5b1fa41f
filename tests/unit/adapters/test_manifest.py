from pathlib import Path

import pytest

from adapters._kit.settings import COMMON, check_settings
from adapters.manifest import Idempotency, Manifest, OnUnknown, SettingType, read_manifest
from adapters.registry import manifests, port_class
from adapters.variants import offered
from schemas.errors import BadConfiguration
from schemas.message import Operation
from schemas.tracking import EvidenceLevel

GOOD = """
name = "some_post"
title = "Some post"
spec = "a page"
owner = "somebody"
carrier = "some"
capabilities = ["Booking", "TrackingFeed", "OutcomeQuery"]
poll_interval_s = 60
any_row_means_accepted = true
evidence_default = "name"

[operations."carrier.book"]
idempotency = "none"
unknown = "ask"

[operations."carrier.cancel"]
idempotency = "keyed"
unknown = "resend"

[[code_tables]]
list = "some"
valid_from = 2026-01-01
source = "a page"

[settings.base_url]
type = "url"
required = true
description = "Address."

[settings.password]
type = "text"
secret = true
description = "Secret."

[settings.pages]
type = "integer"
unit = "rows"
default = 100
description = "Rows."

[settings.style]
type = "text"
default = "a"
choices = ["a", "b"]
description = "Style."

[settings.units]
type = "table"
description = "Codes by unit."
"""


def manifest_of(tmp_path: Path, text: str = GOOD) -> Manifest:
    folder = tmp_path / "some_post"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.toml").write_text(text, encoding="utf-8")
    return read_manifest(folder / "manifest.toml")


def test_a_manifest_is_read_with_its_defaults(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path)
    assert manifest.max_in_flight == 8
    assert manifest.rate_per_s is None
    assert manifest.poll_interval_s == 60.0
    assert manifest.evidence_default is EvidenceLevel.NAME
    assert manifest.rule(Operation.CARRIER_BOOK).unknown is OnUnknown.ASK
    assert manifest.rule(Operation.CARRIER_CANCEL).idempotency is Idempotency.KEYED
    assert [spec.type for spec in manifest.settings][:2] == [SettingType.URL, SettingType.TEXT]
    with pytest.raises(BadConfiguration):
        manifest.rule(Operation.PORTAL_DOSSIER)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "some_post"', 'name = "other"', "name"),
        ('title = "Some post"', "", "title"),
        ('title = "Some post"', "title = 7", "title"),
        ('carrier = "some"', "", "carrier"),
        ('"Booking", ', '"Bookings", ', "capabilities"),
        ('capabilities = ["Booking", "TrackingFeed", "OutcomeQuery"]', "capabilities = []", "capabilities"),
        ("poll_interval_s = 60", "poll_interval_s = 0", "poll_interval_s"),
        ("poll_interval_s = 60", "max_in_flight = 0", "max_in_flight"),
        ("poll_interval_s = 60", "poll_interval = 60", "poll_interval"),
        ('evidence_default = "name"', 'evidence_default = "oath"', "evidence_default"),
        ("any_row_means_accepted = true", 'any_row_means_accepted = "yes"', "any_row_means_accepted"),
        ('unknown = "ask"', 'unknown = "guess"', "operations.carrier.book"),
        ('unknown = "ask"', 'unknown = "resend"', "operations.carrier.book.unknown"),
        ('"OutcomeQuery"', '"Prober"', "operations.carrier.book.unknown"),
        ('[operations."carrier.cancel"]', '[operations."portal.dossier"]', "operations.portal.dossier"),
        ("valid_from = 2026-01-01", 'valid_from = "2026-01-01"', "code_tables.valid_from"),
        ("valid_from = 2026-01-01", "", "code_tables.valid_from"),
        ('type = "url"', 'type = "uri"', "settings.base_url.type"),
        ('description = "Address."', "", "settings.base_url.description"),
        ("secret = true", 'secret = true\ndefault = "x"', "settings.password.default"),
        ("required = true", 'required = true\ndefault = "x"', "settings.base_url.default"),
        ("required = true", "required = true\nwidth = 3", "settings.base_url.width"),
        ("[settings.pages]", "[settings.pages", "Expected"),
    ],
)
def test_a_wrong_manifest_names_the_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(BadConfiguration, match=key) as caught:
        manifest_of(tmp_path, GOOD.replace(old, new, 1))
    assert "manifest.toml" in caught.value.subject


def test_an_operation_without_a_rule_is_missing(tmp_path: Path) -> None:
    text = GOOD.replace('[operations."carrier.cancel"]\nidempotency = "keyed"\nunknown = "resend"\n', "")
    with pytest.raises(BadConfiguration, match=r"operations\.carrier\.cancel"):
        manifest_of(tmp_path, text)


def test_settings_are_checked_and_completed(tmp_path: Path) -> None:
    told = {"base_url": "https://a.example/x", "units": {"u1": "000.00.01.H99"}, "enabled": True}
    settings = check_settings(manifest_of(tmp_path), told)
    assert settings.text("base_url") == "https://a.example/x"
    assert settings.integer("pages") == 100
    assert settings.text("style") == "a"
    assert settings.table("units") == {"u1": "000.00.01.H99"}
    assert settings.number("total_timeout_s") == 30.0
    assert settings.flag("enabled") is True
    assert settings.text("password") == ""
    assert settings.has("pages")
    assert not settings.has("password")
    with pytest.raises(BadConfiguration, match="base_url"):
        settings.integer("base_url")


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ({}, "base_url"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "a.example"}, "base_url"),
        ({"base_url": "ftp://a.example"}, "base_url"),
        ({"base_url": 7}, "base_url"),
        ({"pages": "100"}, "pages"),
        ({"pages": True}, "pages"),
        ({"pages": -1}, "pages"),
        ({"style": "c"}, "style"),
        ({"units": {"u1": 7}}, "units"),
        ({"total_timeout_s": "30"}, "total_timeout_s"),
        ({"passwort": "x"}, "passwort"),
        ({"password": 12345678}, "password"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(tmp_path: Path, told: dict[str, object], key: str) -> None:
    good: dict[str, object] = {} if key == "base_url" else {"base_url": "https://a.example"}
    with pytest.raises(BadConfiguration, match=rf"peers\.some_post\.{key}:") as caught:
        check_settings(manifest_of(tmp_path), {**good, **told})
    assert "12345678" not in str(caught.value)


def test_settings_do_not_print_secrets(tmp_path: Path) -> None:
    settings = check_settings(manifest_of(tmp_path), {"base_url": "https://a.example", "password": "swordfish"})
    assert "swordfish" not in repr(settings)
    assert settings.text("password") == "swordfish"


def test_every_manifest_in_the_house_is_right() -> None:
    found = manifests()
    assert "loopback" in found
    common = {spec.name for spec in COMMON}
    for name, manifest in found.items():
        own = {spec.name for spec in manifest.settings}
        assert not own & common, f"{name} repeats a common setting"
        for capability in manifest.capabilities:
            assert port_class(capability).__name__ == capability


# --- variants --------------------------------------------------------------------------------------------------------

VARIANT = GOOD.replace(
    "[[code_tables]]",
    """[[variants]]
setting = "style"
value = "b"
adds = ["TrackingPull"]
drops = ["TrackingFeed"]

[[variants]]
setting = "base_url"
value = ""
drops = ["Booking"]

[[code_tables]]""",
    1,
)


def test_a_setting_takes_a_port_away_or_adds_one(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, VARIANT)
    for values, ports in (
        ({"style": "a", "base_url": "https://x"}, ("Booking", "TrackingFeed", "OutcomeQuery")),
        ({"style": "b", "base_url": "https://x"}, ("Booking", "OutcomeQuery", "TrackingPull")),
        ({"style": "b"}, ("OutcomeQuery", "TrackingPull")),
    ):
        assert offered(manifest.capabilities, manifest.variants, values) == ports


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('setting = "style"\nvalue', 'setting = "colour"\nvalue', "is no setting"),
        ('adds = ["TrackingPull"]', 'adds = ["Telepathy"]', "is no port"),
        ('adds = ["TrackingPull"]', 'adds = ["Registering"]', "has operations"),
        ('adds = ["TrackingPull"]', 'adds = ["TrackingPull"]\nwhen = 1', "unknown key"),
    ],
)
def test_a_wrong_variant_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(BadConfiguration, match=says):
        manifest_of(tmp_path, VARIANT.replace(old, new, 1))
