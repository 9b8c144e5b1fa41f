import pytest

from adapters._kit import redact


@pytest.mark.parametrize(
    "raw",
    [
        b'{"access_token": "swordfish", "expires_in": 3600}',
        b'{"session":"swordfish","service":"LayThuTuc"}',
        b'{"Token" : "sword\\"fish", "x": "swordfish"}'.replace(b', "x": "swordfish"', b""),
        b"grant_type=client_credentials&client_secret=swordfish",
        b"password=swordfish&username=a",
        b'<wsse:Password Type="x">swordfish</wsse:Password>',
        b"<Token>swordfish</Token>",
        b'{"MatKhau":"swordfish"}',
    ],
)
def test_secrets_leave_the_body(raw: bytes) -> None:
    kept = redact.body(raw)
    assert b"fish" not in kept
    assert b"***" in kept


def test_what_is_no_secret_stays() -> None:
    raw = '{"Message": "Thành công", "tokens": [1], "note": "session over"}'.encode()
    assert redact.body(raw) == raw


def test_credentials_leave_headers_and_addresses() -> None:
    assert redact.headers([("Authorization", "Bearer x"), ("h-token", "x"), ("Accept", "a")]) == [
        ("Authorization", "***"),
        ("h-token", "***"),
        ("Accept", "a"),
    ]
    assert "swordfish" not in redact.url("https://me:swordfish@a.example/x?token=swordfish", {"Token": "swordfish"})
    assert redact.url("https://a.example/x?service=order", {"n": "1"}) == "https://a.example/x?service=order&n=1"
