"""Judges tokens with jwcrypto, for as long as its input lasts.

The first line is a JSON object of JWKs by name. Each further line is a JSON array of requests, and is answered by a
line with the hexadecimal payload of each request, or null where jwcrypto rejects the token.
"""

import json
import sys

from jwcrypto import jwe, jwk, jws

KEYS = {name: jwk.JWK(**members) for name, members in json.loads(sys.stdin.readline()).items()}


def decrypt(request):
    token = jwe.JWE()
    token.deserialize(request["token"], key=KEYS[request["key"]])
    return token.payload


def verify(request):
    token = jws.JWS()
    token.allowed_algs = [request["alg"]]
    token.deserialize(request["token"], key=KEYS[request["key"]])
    return token.payload


ACTIONS = {"decrypt": decrypt, "verify": verify}


def judge(request):
    try:
        return ACTIONS[request["action"]](request).hex()
    except Exception:  # pylint: disable=broad-except
        return None


for line in sys.stdin:
    print(json.dumps([judge(request) for request in json.loads(line)]), flush=True)
