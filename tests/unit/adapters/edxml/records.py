"""Fictional documents, keys and rules for the tests of this peer."""

import base64
import datetime as dt
import functools
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters._kit.signatures import PinnedCertificate, SigningKey
from adapters.edxml.building import Hand
from adapters.edxml.reading import Rules
from adapters.edxml.signing import Covers, Policy
from schemas.ids import Sha256
from schemas.official_document import (
    DocumentSigner,
    DocumentStatus,
    EnclosedFile,
    Handling,
    OfficialDocument,
    Organ,
    Staff,
    Trace,
)

NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
OURS = Organ("000.00.00.H99", "UBND tỉnh Mẫu", in_charge="UBND tỉnh Mẫu", email="vp@mau.example")
THEIRS = Organ("000.00.14.H99", "Sở Thử nghiệm tỉnh Mẫu", in_charge="UBND tỉnh Mẫu")


class Identity:
    """A key and its certificate."""

    def __init__(self, name: str, *, days: int = 365) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(who)
            .issuer_name(who)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=days))
            .sign(self.private, hashes.SHA256())
        )
        self.der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        self.key_pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.pinned = PinnedCertificate.from_pem(self.pem)
        self.key = SigningKey.from_pem(self.key_pem)

    @property
    def hand(self) -> Hand:
        return Hand(key=self.key, certificate=self.der)


@functools.cache
def sender() -> Identity:
    return Identity("Trục mẫu")


@functools.cache
def attacker() -> Identity:
    return Identity("Kẻ giả mạo")


def rules(*, covers: Covers = Covers.DOCUMENT, required: bool = True, allow_sha1: bool = False) -> Rules:
    return Rules(Policy((sender().pinned,), required=required, covers=covers, allow_sha1=allow_sha1))


def enclosed(path: Path, body: bytes, *, content_id: str = "c1", name: str = "Tờ trình.pdf") -> EnclosedFile:
    path.write_bytes(body)
    return EnclosedFile(
        name=name,
        content_type="application/pdf",
        content_id=content_id,
        sha256=Sha256(hashlib.sha256(body).hexdigest()),
        size=len(body),
        path=str(path),
        description="Tệp đính kèm",
    )


def document(*files: EnclosedFile, id: str = "000.00.00.H99,2026/11/20,12/UBND-VP") -> OfficialDocument:
    return OfficialDocument(
        id=id,
        sender=OURS,
        receivers=(THEIRS,),
        number="12",
        notation="UBND-VP",
        promulgated_on=dt.date(2026, 11, 20),
        place="Mẫu",
        subject="V/v chuyển hồ sơ đất đai",
        type_code="18",
        type_name="Công văn",
        type_detail="0",
        content="Kính gửi Sở Thử nghiệm",
        signer=DocumentSigner("Trần Thị Thử", "Chánh Văn phòng", "TL. CHỦ TỊCH"),
        due_on=dt.date(2026, 12, 1),
        to_places=("Như trên", "Lưu: VT"),
        priority="0",
        copies="1",
        pages="2",
        business_reason="Văn bản điện tử mới",
        staff=Staff("Văn thư", "Lê Văn Thư"),
        paper="0",
        traces=(Trace(OURS.id, NOW.astimezone(dt.timezone(dt.timedelta(hours=7)))),),
        files=files,
    )


def status() -> DocumentStatus:
    return DocumentStatus(
        about_organ=OURS.id,
        about_code="12/UBND-VP",
        about_date=dt.date(2026, 11, 20),
        about_document="000.00.00.H99,2026/11/20,12/UBND-VP",
        sender=THEIRS,
        handling=Handling.RECEIVED,
        code="03",
        at=NOW,
        description="Đã tiếp nhận",
        staff=Staff("Một cửa", "Nguyễn Văn Nhận"),
    )


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
