import base64
import datetime as dt

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from adapters._kit.signatures import RsaVerifier, hmac_matches, hmac_sha256, token_matches, within_window
from schemas.errors import BadConfiguration

BODY = '{"Data":"Phát thành công"}'.encode()
NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


def test_hmac_is_the_one_of_rfc_4231() -> None:
    """Test case 2 of RFC 4231."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?") == expected


def test_both_active_secrets_are_believed_and_no_other() -> None:
    old, new = b"old secret", b"new secret"
    for secret in (old, new):
        told = hmac_sha256(secret, BODY)
        as_base64 = base64.b64encode(bytes.fromhex(told)).decode()
        for signature in (told, told.upper(), f"sha256={told}", as_base64):
            assert hmac_matches(BODY, signature, [old, new])
            assert not hmac_matches(BODY + b" ", signature, [old, new])
    assert not hmac_matches(BODY, hmac_sha256(b"gone", BODY), [old, new])


@pytest.mark.parametrize("signature", ["", "sha256=", "nonsense", "ÿ", "00"])
def test_a_signature_that_is_none_proves_nothing(signature: str) -> None:
    assert not hmac_matches(BODY, signature, [b"secret"])


def test_without_a_secret_nothing_is_proven() -> None:
    assert not hmac_matches(BODY, hmac_sha256(b"", BODY), [b""])
    assert not token_matches("", [""])
    assert not token_matches("", [])
    assert token_matches("b", ["a", "b"])
    assert not token_matches("ab", ["a", "b"])


@pytest.mark.parametrize(("seconds", "inside"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_the_window_is_open_both_ways(seconds: int, inside: bool) -> None:
    assert within_window(NOW + dt.timedelta(seconds=seconds), NOW) is inside


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(key: rsa.RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    public = key.public_key()
    told = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return told.decode()


def number(value: int) -> str:
    return base64.b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()


def test_rsa_proves_by_pem_and_by_modulus_and_exponent(key: rsa.RSAPrivateKey) -> None:
    numbers = key.public_key().public_numbers()
    assert number(numbers.e) == "AQAB"
    for verifier in (RsaVerifier.from_pem(pem(key)), RsaVerifier.from_numbers(number(numbers.n), "AQAB")):
        assert verifier.verify(BODY, signed(key, BODY))
        assert not verifier.verify(BODY + b" ", signed(key, BODY))
        assert not verifier.verify(BODY, "not base64 at all")
        assert not verifier.verify(BODY, "")


def test_the_next_key_is_believed_beside_the_present_one(key: rsa.RSAPrivateKey) -> None:
    following = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    verifier = RsaVerifier.from_pem(pem(key), pem(following))
    assert verifier.verify(BODY, signed(key, BODY))
    assert verifier.verify(BODY, signed(following, BODY))
    assert not RsaVerifier.from_pem(pem(key)).verify(BODY, signed(following, BODY))


def test_what_is_no_rsa_key_does_not_start() -> None:
    with pytest.raises(BadConfiguration):
        RsaVerifier.from_pem("nonsense")
    with pytest.raises(BadConfiguration):
        RsaVerifier.from_pem(pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(BadConfiguration):
        RsaVerifier.from_numbers("!", "AQAB")
