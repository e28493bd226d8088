"""Reads a token with the keys that a key ring exports.

Reads {"jwks": {"keys": [...]}, "token": ...} and prints {"jose": ..., "jwcrypto": ...}: its claims, or the name of the
error, by either library.
"""
import json
import sys

from jose import jwe
from jose.utils import base64url_decode
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk

request = json.load(sys.stdin)
jwks, token = request["jwks"], request["token"]
kid = jwe.get_unverified_header(token)["kid"]


def read_by_jose():
    key = next(key for key in jwks["keys"] if key["kid"] == kid)
    return json.loads(jwe.decrypt(token, base64url_decode(key["k"].encode())))


def read_by_jwcrypto():
    opened = jwcrypto_jwe.JWE()
    opened.deserialize(token, key=jwk.JWKSet.from_json(json.dumps(jwks)).get_key(kid))
    return json.loads(opened.payload)


def attempt(read):
    try:
        return read()
    except Exception as error:
        return type(error).__name__


print(json.dumps({"jose": attempt(read_by_jose), "jwcrypto": attempt(read_by_jwcrypto)}))
