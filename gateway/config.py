"""Settings: one TOML file, then the environment, and nothing else. Every knob tells its unit, default and reason.

The environment wins over the file: ``LIENTHONG_HTTP__PORT=8081`` sets ``port`` of section ``[http]``. Settings of the
peers stand under ``[peers.<folder>]`` and are checked against the peer's own manifest by :mod:`adapters.registry`; a
peer without a section is switched off. A wrong setting or an unknown name is BadConfiguration, which names it.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.sections import (
    Archive,
    Argon2,
    Database,
    Http,
    Limits,
    Log,
    Retry,
    Rhythm,
    Scan,
    Seal,
    Section,
    Sessions,
    Soap,
    Station,
)
from schemas.errors import BadConfiguration

PREFIX = "LIENTHONG_"
NEST = "__"


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter=NEST)

    data_folder: Path = Field(
        default=Path("var"),
        description="Everything that must survive: store, blobs, hot folder, uploads. One disk, one backup.",
    )
    default_unit: str = Field(
        default="",
        description="Unit id for what arrives without one, such as a scan of a station that belongs to no unit.",
    )
    database: Database = Database()
    http: Http = Http()
    soap: Soap = Soap()
    limits: Limits = Limits()
    sessions: Sessions = Sessions()
    argon2: Argon2 = Argon2()
    scan: Scan = Scan()
    seal: Seal = Seal()
    station: Station = Station()
    archive: Archive = Archive()
    retry: Retry = Retry()
    rhythm: Rhythm = Rhythm()
    log: Log = Log()
    peers: dict[str, dict[str, object]] = Field(
        default={},
        description="`[peers.<folder>]`: settings of one peer, checked against its manifest. No section: switched off.",
    )

    @field_validator("peers")
    @classmethod
    def _switches(cls, peers: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        """``enabled`` from the environment is text; everything else of a peer is read by its manifest."""
        for told in peers.values():
            if isinstance(told.get("enabled"), str):
                told["enabled"] = {"true": True, "false": False}.get(str(told["enabled"]).lower(), told["enabled"])
        return peers

    @property
    def database_url(self) -> str:
        """Address of the store, the default one spelt out."""
        return self.database.url or f"sqlite:///{(self.data_folder / 'gateway.sqlite').absolute()}"

    @property
    def hot_folder(self) -> Path:
        """Where scanners write."""
        return self.scan.hot_folder or self.data_folder / "hot"

    @property
    def uploads_folder(self) -> Path:
        """Where uploads are spooled; on the data disk, so that moving them into the hot folder is a rename."""
        return self.data_folder / "uploads"

    @property
    def packages_folder(self) -> Path:
        """Where packages for the archive are made; they can be made again at any time."""
        return self.data_folder / "packages"

    @property
    def blobs_folder(self) -> Path:
        """Where documents lie by digest."""
        return self.data_folder / "blobs"

    @property
    def public_url(self) -> str:
        """Address as others see it, without a trailing slash."""
        return (self.http.public_url or f"http://{self.http.host}:{self.http.port}").rstrip("/")

    @property
    def https(self) -> bool:
        """Whether people come in by https, perhaps through a proxy."""
        return urlsplit(self.public_url).scheme == "https"


def load(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        path: the TOML file, None for none.
        env: the environment, None for that of the process.

    Raises:
        BadConfiguration: a file that cannot be read, a wrong value or an unknown name; each one is named.
    """
    table = _table(path) if path else {}
    seen = {key: value for key, value in (os.environ if env is None else env).items() if key.startswith(PREFIX)}
    unknown = sorted(key for key in seen if not _known(key))
    if unknown:
        raise BadConfiguration(f"No such setting: {', '.join(unknown)}.", subject="environment")
    try:
        return _bound(table, seen)()
    except ValidationError as wrong:
        raise BadConfiguration(_told(wrong), subject=str(path or "environment")) from None
    except ValueError as wrong:  # pydantic-settings wraps JSON that it cannot read in one
        raise BadConfiguration(str(wrong), subject=str(path or "environment")) from None


def describe() -> str:
    """Every knob as a Markdown table: the text of ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        "One TOML file (`lienthong serve --config FILE`), then the environment, which wins. Generated from",
        "`gateway/config.py`; a test compares. Unknown names and wrong values stop the start and are named.",
        "",
        "| setting | environment | default | what it is and why |",
        "|---|---|---|---|",
    ]
    for names, info in _knobs(Settings):
        default = info.get_default(call_default_factory=True)
        shown = f"`{default}`" if default not in (None, "") else "–"
        lines.append(f"| `{'.'.join(names)}` | `{_variable(names)}` | {shown} | {info.description} |")
    return "\n".join(lines) + "\n"


def _bound(table: Mapping[str, object], env: Mapping[str, str]) -> type[Settings]:
    """The settings class reading exactly this file and this environment, whatever the process has."""

    class Bound(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            given = EnvSettingsSource(settings_cls)
            given.env_vars = {key.lower(): value for key, value in env.items()}
            return given, InitSettingsSource(settings_cls, init_kwargs=dict(table))

    return Bound


def _table(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise BadConfiguration(f"The settings file cannot be read: {wrong}", subject=str(path)) from wrong


def _told(wrong: ValidationError) -> str:
    """Each wrong setting by its name and why, never its value: it may be a secret."""
    return "; ".join(f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in wrong.errors())


def _knobs(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from _knobs(inner, (*above, name))
        else:
            yield (*above, name), info


def _variable(names: tuple[str, ...]) -> str:
    return PREFIX + NEST.join(names).upper()


def _known(variable: str) -> bool:
    """Whether an environment variable names a setting, a whole section or something of a peer."""
    if variable.startswith(f"{PREFIX}PEERS{NEST}"):
        return True
    variables = {_variable(names) for names, _ in _knobs(Settings)}
    return variable in variables or any(known.startswith(variable + NEST) for known in variables)
