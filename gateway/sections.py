"""The sections of the settings file; :mod:`gateway.config` reads them. Every knob tells unit, default and reason."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(gt=0)]
Bytes = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Section(BaseModel):
    """A table of the settings file; a name that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Section):
    """Where the rows live."""

    url: str = Field(
        default="",
        description="SQLAlchemy address. Empty: `gateway.sqlite` in the "
        "data folder, because one process on one "
        "machine needs no server. `postgresql+psycopg://…` needs the distributed bell.",
    )


class Http(Section):
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

    tls_cert_file: Path | None = Field(
        default=None,
        description="PEM file of the door's certificate chain: the door then speaks https by itself. Empty: plain "
        "HTTP, behind a proxy that ends the TLS.",
    )
    tls_key_file: Path | None = Field(default=None, description="PEM file of the key of that certificate.")
    tls_client_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities whose client certificates are believed (mutual TLS); nobody is forced "
        "to show one. Empty: none is asked for.",
    )


class Soap(Section):
    """Who may call the SOAP server besides those with a password digest."""

    password_text: Literal["refuse", "with_nonce", "accept"] = Field(
        default="refuse",
        description="A UsernameToken with the password in clear. `with_nonce`: taken with Nonce and Created, each used "
        "once. `accept`: taken without them too, as .NET sends it. Only over TLS.",
    )
    certificates: dict[str, str] = Field(
        default={},
        description="Client certificates by SHA-256 of their DER form (lower-case hex) and the account each one is: "
        "that caller needs no UsernameToken.",
    )
    certificate_header: str = Field(
        default="",
        description="Header in which the proxy that ends the TLS tells the client certificate (PEM, URL-encoded, e.g. "
        "nginx `$ssl_client_escaped_cert`). The proxy must overwrite it on every request. Empty: none is believed.",
    )


class Limits(Section):
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
    unproven_bytes: Bytes = Field(
        default=64_000_000,
        description="Bytes of unproven callbacks of one peer kept at the same time, a kilobyte for each row included; "
        "beyond them a further one is refused with 429.",
    )
    unproven_keep_s: Seconds = Field(
        default=259_200.0,
        description="Seconds an unproven callback is kept: time to pin a key that the peer changed without a word.",
    )
    event_streams: Count = Field(
        default=200, description="Open `/events` streams; each costs a socket and a small queue."
    )


class Sessions(Section):
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


class Argon2(Section):
    """Cost of a password hash: argon2id, about 0.3 s on the machine it was measured on."""

    time_cost: Count = Field(default=3, description="Passes over the memory.")
    memory_kib: Annotated[int, Field(ge=8)] = Field(default=65_536, description="Memory of one hash in KiB.")
    parallelism: Count = Field(default=4, description="Lanes of one hash.")
    at_once: Count = Field(
        default=2, description="Hashes at the same time: more would let log-ins starve everything else."
    )


class Scan(Section):
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


class Archive(Section):
    """What goes to the digital archive."""

    fonds: dict[str, str] = Field(
        default={},
        description="Code of the archive's fonds (mã phông) for each competent unit; `*` stands for all others. The "
        "archive assigns it, so there is no default: without one no package is made.",
    )


class Station(Section):
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


class Retry(Section):
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


class Rhythm(Section):
    """Periodic work."""

    outbox_s: Seconds = Field(
        default=5.0, description="Seconds between sweeps for messages that a lost bell left behind."
    )
    watch_s: Seconds = Field(
        default=30.0, description="Seconds between looks for feeds and items that are due to be asked about."
    )
    learning_s: Seconds = Field(
        default=600.0,
        description="Seconds between looks whether the night's learning is due; it is done once a night, after 02:15.",
    )
    rules_s: Seconds = Field(default=300.0, description="Seconds between runs of the rules that time alone can break.")


class Log(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least grave level that is written. `debug` tells every step of every message."
    )


class Seal(Section):
    """The unit's digital seal on scanned documents."""

    level: Literal["none", "B-B", "B-T", "B-LTA"] = Field(
        default="none",
        description="`none`: documents are not sealed. PAdES `B-B`: signed; `B-T`: with a time stamp, too; `B-LTA`: "
        "with everything that proves it for decades, for the archive.",
    )
    p12: Path | None = Field(default=None, description="PKCS#12 file with the key and its certificate.")
    module: Path | None = Field(
        default=None, description="Instead of a file: the PKCS#11 library of the token that holds the key."
    )
    token: str = Field(default="", description="Label of the token.")
    key: str = Field(default="", description="Label of the key in the token. Empty: there is only one.")
    secret_file: Path | None = Field(
        default=None,
        description="File with the passphrase or PIN. Not the value itself: every child inherits the environment.",
    )
    chain: Path | None = Field(
        default=None, description="PEM file of intermediate certificates that are not in the PKCS#12 file."
    )
    roots: Path | None = Field(
        default=None,
        description="PEM file of the root certificates that seals and time stamps are trusted by, ours and those of "
        "stations. The system's list is for web sites and is not asked.",
    )
    tsa_url: str = Field(default="", description="Address of the time-stamp authority (RFC 3161).")
    call_s: Seconds = Field(
        default=10.0, description="Seconds for one call to the authority or for revocation, to the last byte."
    )
    deadline_s: Seconds = Field(
        default=60.0, description="Seconds for sealing one document; then it waits and is tried again."
    )
    visible: bool = Field(
        default=True, description="Stamp in the upper right of page one, as Nghị định 30/2020/NĐ-CP asks for copies."
    )
    form: str = Field(default="SAO Y", description="First line of the stamp: the kind of copy.")
    unit: str = Field(default="", description="Second line of the stamp: the unit's name as it is to be read.")
    font: Path = Field(
        default=Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"),
        description="TrueType face of the stamp, embedded in part. Tinos has the measures of Times New Roman, which "
        "the rule names (Debian: fonts-croscore).",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "Seal":
        if self.level == "none":
            return self
        lacks = {
            "either p12 or module": (self.p12 is None) == (self.module is None),
            "token": self.module is not None and not self.token,
            "secret_file": self.secret_file is None,
            "roots": self.roots is None,
            "tsa_url": self.level != "B-B" and not self.tsa_url,
            "unit": self.visible and not self.unit,
        }
        missing = [name for name, lacking in lacks.items() if lacking]
        if missing:
            raise ValueError(f"level {self.level} needs {', '.join(missing)}")
        return self
