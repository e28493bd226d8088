"""Does what it is told by a JSON array on its input with jwcrypto, and prints a JSON array of what came out."""

import json
import sys

from jwcrypto import jwe, jwk, jws


def key_of(request):
    return jwk.JWK(**request["key"])


def encrypt(request):
    token = jwe.JWE(request["plaintext"].encode(), json.dumps(request["header"]))
    token.add_recipient(key_of(request))
    return token.serialize(compact=True)


def decrypt(request):
    token = jwe.JWE()
    token.deserialize(request["token"], key=key_of(request))
    return token.payload.decode()


def sign(request):
    token = jws.JWS(request["payload"].encode())
    header = json.dumps(request["header"])
    token.add_signature(key_of(request), protected=header)
    return token.serialize(compact=True)


def verify(request):
    token = jws.JWS()
    token.deserialize(request["token"])
    token.allowed_algs = [request["alg"]]
    token.verify(key_of(request))
    return token.payload.decode()


ACTIONS = {"encrypt": encrypt, "decrypt": decrypt, "sign": sign, "verify": verify}

print(json.dumps([ACTIONS[request["action"]](request) for request in json.load(sys.stdin)]))
