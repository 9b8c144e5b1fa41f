"""Text on its ground has a contrast of at least 4.5:1 (WCAG 2.2 AA), in light and in dark mode."""

import re

import pytest

from gateway.console.render import static_bytes

PAIRS = [
    *((ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "ground", "shade")),
    *((kind, f"{kind}-ground") for kind in ("good", "warn", "bad", "note", "calm")),
    *((source, ground) for source in ("post", "one-stop", "portal", "scan") for ground in ("paper", "warn-ground")),
    *((kind, "paper") for kind in ("bad", "warn")),
    ("ink", "warn-ground"),
    ("soft", "warn-ground"),
    ("brand-ink", "brand"),
]


def modes() -> dict[str, dict[str, str]]:
    """The variables of both modes; dark ones replace light ones."""
    css = static_bytes("console.css").decode()
    light, dark, *_ = re.findall(r":root\s*{([^}]*--ink[^}]*)}", css)
    first = dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", light))
    return {"light": first, "dark": {**first, **dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", dark))}}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(mode: str) -> None:
    colours = modes()[mode]
    weak = {(ink, ground): round(contrast(colours[ink], colours[ground]), 2) for ink, ground in PAIRS}
    assert {pair: found for pair, found in weak.items() if found < 4.5} == {}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_focus_can_be_seen(mode: str) -> None:
    colours = modes()[mode]
    assert all(contrast(colours["focus"], colours[ground]) >= 3 for ground in ("paper", "ground"))


def test_body_text_is_16_pixels_with_room_for_stacked_marks() -> None:
    css = static_bytes("console.css").decode()
    assert "html { font-size: 16px; }" in css
    assert all(float(height) >= 1.5 for height in re.findall(r"line-height:\s*([0-9.]+)", css))
