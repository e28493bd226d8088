"""Writes tokens with cjose, which has no Python package, through its C interface.

Reads {"key": ..., "headers": [{...}], "payloads": [...]} and prints for each header and each payload a token. `key` is
hexadecimal.
"""
import ctypes
import json
import sys

cjose = ctypes.CDLL("libcjose.so.0")
for function in ("cjose_header_new", "cjose_jwk_create_oct_spec", "cjose_jwe_encrypt"):
    getattr(cjose, function).restype = ctypes.c_void_p
cjose.cjose_jwe_export.restype = ctypes.c_char_p


def checked(result):
    if not result:
        raise RuntimeError("cjose failed")
    return ctypes.c_void_p(result)


def write(key, members, payload):
    jwk = checked(cjose.cjose_jwk_create_oct_spec(key, ctypes.c_size_t(len(key)), None))
    header = checked(cjose.cjose_header_new(None))
    for name, value in members.items():
        checked(cjose.cjose_header_set(header, name.encode(), value.encode(), None))
    plaintext = payload.encode()
    token = checked(cjose.cjose_jwe_encrypt(jwk, header, plaintext, ctypes.c_size_t(len(plaintext)), None))
    return cjose.cjose_jwe_export(token, None).decode()


request = json.load(sys.stdin)
secret = bytes.fromhex(request["key"])
tokens = [write(secret, header, payload) for header in request["headers"] for payload in request["payloads"]]
print(json.dumps(tokens))
