"""A passkey in software: what a phone or a key answers a browser (WebAuthn Level 3, section 6)."""

import hashlib
import json
import re
import secrets
from html import unescape
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from django.urls import reverse
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

ORIGIN = "http://localhost"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One passkey for one account of one site; `verifies` says whether it asks for a finger."""

    def __init__(self, *, verifies: bool = True, origin: str = ORIGIN) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(16)
        self._flags = _PRESENT | (_VERIFIED if verifies else 0)
        self.origin = origin
        self.handle = ""

    def create(self, options: dict[str, Any]) -> str:
        """Return what navigator.credentials.create() gives, as JSON."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        client = self._client("webauthn.create", asked["challenge"])
        point = self._key.public_key()
        public = cbor.encode(ES256.from_cryptography_key(point))  # type: ignore[no-untyped-call]
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + public
        data = self._data(asked["rp"]["id"], _ATTESTED) + attested
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(attestation),
            "transports": ["internal"],
        }
        return self._json(response, {"credProps": {"rk": True}})

    def get(self, options: dict[str, Any]) -> str:
        """Return what navigator.credentials.get() gives, as JSON."""
        asked = options["publicKey"]
        client = self._client("webauthn.get", asked["challenge"])
        data = self._data(asked["rpId"], 0)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.handle,
        }
        return self._json(response, {})

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([self._flags | flags]) + bytes(4)

    def _json(self, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self._id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )


def asked(page: str) -> dict[str, Any]:
    """Return what a page asks the passkey for."""
    found = re.search(r'data-options="([^"]+)"', page)
    assert found, "nothing is asked"
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


def add(client: Client, passkey: Passkey, **fields: str) -> Any:
    """Add a passkey to the account that is signed in and was asked for its password just now."""
    address = reverse("mfa_add_webauthn")
    options = asked(client.get(address).content.decode())
    fields = {"name": "Phone", "passwordless": "on", "credential": passkey.create(options)} | fields
    return client.post(address, fields)


def sign_in(client: Client, passkey: Passkey, **fields: str) -> Any:
    """Sign in with the passkey alone."""
    address = reverse("mfa_login_webauthn")
    options = client.get(address, headers={"accept": "application/json"}).json()["request_options"]
    return client.post(address, {"credential": passkey.get(options)} | fields)
