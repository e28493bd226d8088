"""Writes tokens as a stack on python-jose does.

Reads {"passphrase": ..., "claims": [...]} and prints {"key": ..., "jose": [...], "jwcrypto": [...]}: the derived key in
hexadecimal, and for each claims set a token by either library.
"""
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from jose import jwe
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk
from jwcrypto.common import base64url_encode

request = json.load(sys.stdin)
derivation = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=b"dsp-ai-platform-salt", iterations=100_000)
key = derivation.derive(request["passphrase"].encode())


def write_by_jose(claims):
    return jwe.encrypt(json.dumps(claims).encode(), key, algorithm="dir", encryption="A256GCM").decode()


def write_by_jwcrypto(claims):
    token = jwcrypto_jwe.JWE(json.dumps(claims).encode(), protected={"alg": "dir", "enc": "A256GCM"})
    token.add_recipient(jwk.JWK(kty="oct", k=base64url_encode(key)))
    return token.serialize(compact=True)


answer = {
    "key": key.hex(),
    "jose": [write_by_jose(claims) for claims in request["claims"]],
    "jwcrypto": [write_by_jwcrypto(claims) for claims in request["claims"]],
}
print(json.dumps(answer))
