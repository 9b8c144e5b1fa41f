"""Settings: one TOML file, then the environment, and nothing else. Every knob tells its unit, default and reason.

The environment wins over the file: ``LIENTHONG_HTTP__PORT=8081`` sets ``port`` of section ``[http]``. Settings of the
peers stand under ``[peers.<folder>]`` and are checked against the peer's own manifest by :mod:`adapters.registry`; a
peer without a section is switched off. A wrong setting or an unknown name is BadConfiguration, which names it.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from schemas.errors import BadConfiguration

PREFIX = "LIENTHONG_"
NEST = "__"

Seconds = Annotated[float, Field(gt=0)]
Bytes = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(_Section):
    """Where the rows live."""

    url: str = Field(
        default="",
        description="SQLAlchemy address. Empty: `gateway.sqlite` in the "
        "data folder, because one process on one "
        "machine needs no server. `postgresql+psycopg://…` needs the distributed bell.",
    )


class Http(_Section):
    """The address people and systems reach."""

    host: str = Field(
        default="127.0.0.1", description="Address to listen on. Only this machine until somebody decides otherwise."
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one and prints it.")
    public_url: str = Field(
        default="",
        description="Address others see, e.g. `https://lienthong.example`. "
        "With https the session cookie becomes "
        "`__Host-` and Secure, and peers get links they can follow. Empty: made of host and port.",
    )


class Limits(_Section):
    """What one request may weigh."""

    body_bytes: Bytes = Field(
        default=1_048_576, description="Largest JSON, form or callback body. A hand-over is about 4 KB."
    )
    upload_bytes: Bytes = Field(
        default=300_000_000,
        description="Largest upload in all, counted by us while it comes in. A batch of 300 pages is 120 MB.",
    )
    upload_part_bytes: Bytes = Field(
        default=100_000_000,
        description="Largest single file of an upload. A scanner's PDF of 200 pages is about 80 MB.",
    )
    upload_parts: Count = Field(default=500, description="Files in one upload: more belongs into the hot folder.")
    upload_s: Seconds = Field(
        default=900.0, description="Seconds an upload may take; slower ones hold a connection for nothing."
    )
    disk_reserve_bytes: Bytes = Field(
        default=1_000_000_000,
        description="Free space that uploads leave on the data disk: the store must always be able to write.",
    )
    unproven_callbacks: Count = Field(
        default=600,
        description="Callbacks per peer and minute that carry no signature in a header, stored before they are proven.",
    )
    event_streams: Count = Field(
        default=200, description="Open `/events` streams; each costs a socket and a small queue."
    )


class Sessions(_Section):
    """Log-in of people."""

    idle_s: Seconds = Field(
        default=1_800.0, description="Seconds without a click until a session ends. A counter stands open."
    )
    longest_s: Seconds = Field(
        default=43_200.0, description="Seconds until a session ends in any case: one shift of 12 hours."
    )
    failures: Count = Field(default=5, description="Wrong passwords in a row before an account is locked.")
    lock_s: Seconds = Field(default=30.0, description="First lock in seconds; it doubles with each further failure.")
    lock_max_s: Seconds = Field(
        default=900.0, description="Longest lock in seconds, so that nobody can lock a clerk out for a day."
    )
    tries_per_minute: Count = Field(
        default=20, description="Log-in tries per network address and minute. Ten clerks may share one address."
    )


class Argon2(_Section):
    """Cost of a password hash: argon2id, about 0.3 s on the machine it was measured on."""

    time_cost: Count = Field(default=3, description="Passes over the memory.")
    memory_kib: Annotated[int, Field(ge=8)] = Field(default=65_536, description="Memory of one hash in KiB.")
    parallelism: Count = Field(default=4, description="Lanes of one hash.")
    at_once: Count = Field(
        default=2, description="Hashes at the same time: more would let log-ins starve everything else."
    )


class Scan(_Section):
    """The hot folder and the scan line."""

    hot_folder: Path | None = Field(default=None, description="Where scanners write. Empty: `hot` in the data folder.")
    workers: Count = Field(default=2, description="Child processes that open files. One per core; each may use 1 GB.")
    still_s: Seconds = Field(
        default=10.0,
        description="Seconds a feed must stay unchanged before it may count as finished: longer than the 4 to 7 "
        "seconds that scanners pause when they reopen their file. Longer pauses are learnt from what is seen.",
    )
    poll_s: Seconds = Field(
        default=2.0, description="Seconds between two looks at the hot folder; events only make it quicker."
    )
    watch: Literal["events", "poll"] = Field(
        default="events",
        description="`events`: inotify beside the looks; without it, or at its limit, the looks go on alone. `poll`: "
        "looks only, for folders on SMB or NFS, which tell nothing.",
    )
    done_files: bool = Field(
        default=False,
        description="Take files only when a `.done` file lies beside them (`p1.done` for one page, any other name for "
        "all of the folder): for scanners that write one.",
    )
    patience_s: Seconds = Field(
        default=300.0,
        description="Seconds a file may stay incomplete before it is taken as it is: longer than any scanner's pause.",
    )
    station: str = Field(
        default="station-1", min_length=1, description="Name of this scanning station in documents and journals."
    )
    text: Literal["none", "sidecar", "layer"] = Field(
        default="sidecar",
        description="Words on the pages. `sidecar`: read after delivery, at low priority; documents are usable before. "
        "`layer`: read first and laid under the image (PDF/A-2u), which takes seconds a page. `none`: not read.",
    )
    languages: str = Field(
        default="vie",
        pattern=r"^[A-Za-z0-9_]+(\+[A-Za-z0-9_]+)*$",
        description="Languages of the text reader as Tesseract names them; `vie+eng` takes a third more time.",
    )
    provenance: bool = Field(
        default=False,
        description="Attach to each document an XML account of where its pages come from (digests, station, operator, "
        "batch): PDF/A-3b.",
    )
    order: Literal["as_fed", "stack"] = Field(
        default="as_fed",
        description="How sheets of two sides are fed when nothing says otherwise. `stack`: all fronts, then the turned "
        "stack with all backs, for a scanner without a duplex unit.",
    )
    code_prefixes: tuple[str, ...] = Field(
        default=(),
        description='Beginnings of the dossier codes that are ours, e.g. `["000.00.14.H99"]`; a cover with another one '
        "waits for a person, a quotation of another one is nothing. Empty: every dossier code is taken.",
    )
    previews_bytes: Bytes = Field(
        default=500_000_000,
        description="Room for pictures of pages that the review screen shows; those looked at longest ago go first. "
        "A batch of 200 pages takes about 60 MB.",
    )


class Archive(_Section):
    """What goes to the digital archive."""

    fonds: dict[str, str] = Field(
        default={},
        description="Code of the archive's fonds (mã phông) for each competent unit; `*` stands for all others. The "
        "archive assigns it, so there is no default: without one no package is made.",
    )


class Station(_Section):
    """A district scanning station (`lienthong station`): the scan line without a gateway on this machine."""

    gateway_url: str = Field(
        default="",
        description="Address of the gateway that documents are handed over to. Empty: they wait in the outbound queue.",
    )
    key: str = Field(
        default="",
        description="Secret of the station's account at the gateway (role scanner; its units own the papers): "
        "rather in the environment than in the file.",
        repr=False,
    )
    first_s: Seconds = Field(default=5.0, description="Seconds before the second try while the gateway is away.")
    most_s: Seconds = Field(
        default=900.0,
        description="Longest wait between two tries, also of a Retry-After: a line that is back is soon used.",
    )
    report_s: Seconds = Field(
        default=300.0, description="Seconds between two reports to the gateway of what waits here and what is wrong."
    )


class Retry(_Section):
    """When a message that did not get through is tried again."""

    steps_s: tuple[Seconds, ...] = Field(
        default=(10.0, 60.0, 300.0, 1_800.0, 7_200.0, 21_600.0),
        min_length=1,
        description="Waits in seconds before the second, third … try, each with full jitter.",
    )
    daily_for_days: Count = Field(
        default=7, description="Days of one try a day after the steps; then the message is parked."
    )
    breaker_failures: Count = Field(default=5, description="Failures in a row of one peer until only probes go out.")
    probe_s: Seconds = Field(default=30.0, description="Seconds between probes of a peer that is out.")
    lease_s: Seconds = Field(
        default=120.0, description="Seconds a try may take before it counts as crashed; above every wire deadline."
    )


class Rhythm(_Section):
    """Periodic work."""

    outbox_s: Seconds = Field(
        default=5.0, description="Seconds between sweeps for messages that a lost bell left behind."
    )
    watch_s: Seconds = Field(
        default=30.0, description="Seconds between looks for feeds and items that are due to be asked about."
    )
    rules_s: Seconds = Field(default=300.0, description="Seconds between runs of the rules that time alone can break.")


class Log(_Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least grave level that is written. `debug` tells every step of every message."
    )


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
    limits: Limits = Limits()
    sessions: Sessions = Sessions()
    argon2: Argon2 = Argon2()
    scan: Scan = Scan()
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
        if isinstance(inner, type) and issubclass(inner, _Section):
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
