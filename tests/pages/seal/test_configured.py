"""The sealer that the settings make, and what a start says of a key that is not usable."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import config
from gateway.clock import SystemClock
from gateway.sealing import configured_sealer
from gateway.sections import Seal
from scanning.approved import PdfA
from schemas.errors import BadConfiguration, BadSealKey, WrongPin
from tests.pages.seal.authority import DAY, NOW, PASSPHRASE, PIN, SOFTHSM, TOKEN, UNIT, Pair, World

pytestmark = [pytest.mark.pages]


def written(world: World, folder: Path, changes: Mapping[str, object], secret: str = PASSPHRASE) -> Seal:
    """Settings as the operator writes them, with the files they name."""
    (folder / "roots.pem").write_bytes(world.root[1].public_bytes(Encoding.PEM))
    (folder / "chain.pem").write_bytes(world.middle[1].public_bytes(Encoding.PEM))
    (folder / "secret").write_text(secret + "\n")
    told: dict[str, object] = {
        "level": "B-B",
        "secret_file": str(folder / "secret"),
        "roots": str(folder / "roots.pem"),
        "unit": UNIT.upper(),
        **changes,
    }
    lines = [
        f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for name, value in told.items()
    ]
    (folder / "settings.toml").write_text("[seal]\n" + "\n".join(lines) + "\n")
    return config.load(folder / "settings.toml", {}).seal


async def test_without_a_level_nothing_is_sealed() -> None:
    async with configured_sealer(config.load(None, {}).seal, clock=SystemClock()) as sealer:
        assert sealer is None


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LTA"])
async def test_the_settings_make_a_sealer_of_each_level(
    level: str, authority: World, unit: Pair, approved: PdfA, tmp_path: Path
) -> None:
    p12 = str(authority.p12(unit))
    settings = written(authority, tmp_path, {"level": level, "p12": p12, "tsa_url": f"{authority.origin}/tsa"})
    async with configured_sealer(settings, clock=SystemClock()) as sealer:
        assert sealer is not None
        sealed = await sealer.seal(approved, tmp_path / "sealed.pdf")
    assert (sealed.note.level, sealed.note.signer) == (level, UNIT)


async def test_the_settings_make_a_sealer_of_a_token(
    authority: World, token: Path, approved: PdfA, tmp_path: Path
) -> None:
    told = {
        "module": str(SOFTHSM),
        "token": TOKEN,
        "key": "seal",
        "chain": str(tmp_path / "chain.pem"),
        "visible": False,
    }
    settings = written(authority, tmp_path, told, PIN)
    async with configured_sealer(settings, clock=SystemClock()) as sealer:
        assert sealer is not None
        assert (await sealer.seal(approved, tmp_path / "sealed.pdf")).note.signer == UNIT


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"p12": "a.p12", "module": "b.so"}, "either p12 or module"),
        ({}, "either p12 or module"),
        ({"module": "b.so"}, "token"),
        ({"p12": "a.p12", "level": "B-T"}, "tsa_url"),
        ({"p12": "a.p12", "unit": ""}, "unit"),
        ({"p12": "a.p12", "level": "B-X"}, "seal.level"),
    ],
)
def test_settings_that_lack_something_say_what(
    changes: dict[str, object], named: str, authority: World, tmp_path: Path
) -> None:
    with pytest.raises(BadConfiguration, match=named):
        written(authority, tmp_path, changes)


async def test_what_a_person_has_to_mend_stops_the_start(authority: World, unit: Pair, tmp_path: Path) -> None:
    p12 = str(authority.p12(unit))
    wrong: list[tuple[Seal, type[BadConfiguration]]] = [
        (written(authority, tmp_path, {"p12": p12}, "sai"), WrongPin),
        (written(authority, tmp_path, {"p12": str(tmp_path / "away.p12")}), BadSealKey),
        (written(authority, tmp_path, {"p12": p12, "font": str(tmp_path / "away.ttf")}), BadConfiguration),
        (written(authority, tmp_path, {"p12": p12, "roots": str(tmp_path / "away.pem")}), BadConfiguration),
    ]
    for settings, error in wrong:
        # the files are written anew for each, so the secret is put back to what these settings had
        (tmp_path / "secret").write_text("sai" if error is WrongPin else PASSPHRASE)
        with pytest.raises(error):
            async with configured_sealer(settings, clock=SystemClock()):
                pytest.fail("the house must not open")


async def test_what_mends_itself_is_told_and_the_house_opens(
    authority: World, token: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = authority.p12(authority.issue(UNIT, authority.middle, begin=NOW - 9 * DAY, end=NOW - DAY), "ran-out.p12")
    for changes in ({"p12": str(old)}, {"module": str(SOFTHSM), "token": "unplugged"}):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="gateway.sealing"):
            async with configured_sealer(written(authority, tmp_path, changes), clock=SystemClock()) as sealer:
                assert sealer is not None
        assert "documents wait for their seal" in caplog.text
