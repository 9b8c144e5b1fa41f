"""The settings of one peer, checked against its manifest and read by typed getters."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import NoReturn
from urllib.parse import urlsplit

from adapters.manifest import Manifest, SettingSpec, SettingType
from schemas.errors import BadConfiguration

COMMON = (
    SettingSpec("enabled", SettingType.FLAG, "The peer is switched on.", default=False),
    SettingSpec("max_in_flight", SettingType.INTEGER, "Calls at the same time, instead of the manifest's.", "calls"),
    SettingSpec("rate_per_s", SettingType.NUMBER, "Upper rate of calls, instead of the manifest's.", "calls/s"),
    SettingSpec("calls_per_day", SettingType.INTEGER, "Calls of a day, instead of the manifest's.", "calls/day"),
    SettingSpec("credential", SettingType.TEXT, "Account that it is called with; peers of one share its quota."),
    SettingSpec("poll_interval_s", SettingType.NUMBER, "Time between two reads, instead of the manifest's.", "s"),
    SettingSpec("connect_timeout_s", SettingType.NUMBER, "Deadline for the connection, TLS included.", "s", 5.0),
    SettingSpec("read_timeout_s", SettingType.NUMBER, "Longest silence while a reply is read.", "s", 20.0),
    SettingSpec("total_timeout_s", SettingType.NUMBER, "Deadline for a whole call.", "s", 30.0),
    SettingSpec("max_reply_bytes", SettingType.INTEGER, "Longest reply that is read.", "bytes", 16 * 1024 * 1024),
    SettingSpec("tls_ca_file", SettingType.PATH, "Authorities trusted for this peer instead of the system's."),
    SettingSpec("tls_client_cert_file", SettingType.PATH, "Our certificate for mutual TLS (PEM)."),
    SettingSpec("tls_client_key_file", SettingType.PATH, "The key of our certificate (PEM)."),
)
"""Settings that every peer has; a manifest need not name them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings of one peer. A getter raises BadConfiguration for a setting of another type or without value."""

    manifest: Manifest
    values: Mapping[str, object] = dataclasses.field(repr=False)
    """By name, defaults filled in; never printed, because secrets are among them."""

    def has(self, name: str) -> bool:
        """True where the setting has a value."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """A text, address, path or secret; empty where it is not set."""
        value = self._value(name, "")
        return value if isinstance(value, str) else self._wrong(name)

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self._value(name, None)
        return value if isinstance(value, int) and not isinstance(value, bool) else self._wrong(name)

    def number(self, name: str) -> float:
        """A number."""
        value = self._value(name, None)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else self._wrong(name)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not set."""
        value = self._value(name, False)
        return value if isinstance(value, bool) else self._wrong(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is not set."""
        value = self._value(name, ())
        return tuple(str(item) for item in value) if isinstance(value, list | tuple) else self._wrong(name)

    def table(self, name: str) -> Mapping[str, str]:
        """Text by text; empty where it is not set."""
        value = self._value(name, {})
        return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else self._wrong(name)

    def _value(self, name: str, empty: object) -> object:
        value = self.values.get(name)
        return empty if value is None else value

    def _wrong(self, name: str) -> NoReturn:
        raise BadConfiguration(f"peers.{self.manifest.name}.{name}: has no usable value", subject=self.manifest.name)


def check_settings(manifest: Manifest, told: Mapping[str, object]) -> Settings:
    """Check ``[peers.<name>]`` against the manifest and fill in the defaults.

    Raises:
        BadConfiguration: unknown key, missing required one, wrong type or choice; names the key, shows no value.
    """
    specs = {spec.name: spec for spec in (*COMMON, *manifest.settings)}
    for key in told:
        if key not in specs:
            raise _bad(manifest, key, f"unknown setting; known: {', '.join(sorted(specs))}")
    values: dict[str, object] = {}
    for spec in specs.values():
        value = told.get(spec.name, spec.default)
        if value is None:
            if spec.required:
                raise _bad(manifest, spec.name, f"is required: {spec.description}")
            continue
        _check_value(manifest, spec, value)
        values[spec.name] = value
    return Settings(manifest, values)


def _check_value(manifest: Manifest, spec: SettingSpec, value: object) -> None:
    if not _FITS[spec.type](value):
        raise _bad(manifest, spec.name, f"must be {_WORDS[spec.type]}")
    if spec.required and value == "":
        raise _bad(manifest, spec.name, f"is required: {spec.description}")
    if spec.choices and value not in spec.choices:
        raise _bad(manifest, spec.name, f"must be one of {', '.join(spec.choices)}")


def _bad(manifest: Manifest, key: str, what: str) -> BadConfiguration:
    return BadConfiguration(f"peers.{manifest.name}.{key}: {what}", subject=manifest.name)


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return value == "" or (parts.scheme in ("http", "https") and bool(parts.hostname))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


_FITS: Mapping[SettingType, Callable[[object], bool]] = {
    SettingType.TEXT: lambda value: isinstance(value, str),
    SettingType.URL: _is_url,
    SettingType.PATH: lambda value: isinstance(value, str),
    SettingType.INTEGER: lambda value: isinstance(value, int) and _is_number(value),
    SettingType.NUMBER: _is_number,
    SettingType.FLAG: lambda value: isinstance(value, bool),
    SettingType.TEXTS: lambda value: isinstance(value, list | tuple) and all(isinstance(item, str) for item in value),
    SettingType.TABLE: lambda value: isinstance(value, dict) and all(isinstance(item, str) for item in value.values()),
}
_WORDS = {
    SettingType.TEXT: "text",
    SettingType.URL: "an absolute http(s) address",
    SettingType.PATH: "a path as text",
    SettingType.INTEGER: "a whole number, 0 or more",
    SettingType.NUMBER: "a number, 0 or more",
    SettingType.FLAG: "true or false",
    SettingType.TEXTS: "a list of texts",
    SettingType.TABLE: "a table of texts",
}
