"""Namespaces, written once."""

ENVELOPE_11 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_12 = "http://www.w3.org/2003/05/soap-envelope"

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
PASSWORD_DIGEST = f"{_PROFILE}#PasswordDigest"
PASSWORD_TEXT = f"{_PROFILE}#PasswordText"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
WSA = "http://www.w3.org/2005/08/addressing"

CONTRACT = "urn:x-lienthong:postal-tracking:1"
"""Our own contract; its files are the data of :mod:`schemas.contract`."""
CONTRACT_VERSION = "1.0"
CONTRACT_FILES = "schemas.contract"
OPERATIONS = ("PushEvents", "GetItemHistory", "OpenTicket", "GetItemsByTicket", "ConfirmManifest", "Ping")


def action(operation: str) -> str:
    """The SOAPAction of an operation of our contract."""
    return f"{CONTRACT}/{operation}"
