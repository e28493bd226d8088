"""Calls one function of an OAuth client library of Debian, and prints the result as JSON.

Standard input: { library, call, settings }, as in test/clients/oauth-client.ts.
"""

import json
import os
import sys
import time

# The server listens on loopback without TLS.
os.environ['AUTHLIB_INSECURE_TRANSPORT'] = '1'
os.environ['OAUTHLIB_INSECURE_TRANSPORT'] = '1'

SCOPE = ['read', 'offline_access']


def describe(token):
    return {'accessToken': token['access_token'], 'refreshToken': token.get('refresh_token', '')}


class Authlib:
    def __init__(self, settings):
        from authlib.integrations.requests_client import OAuth2Session

        self.settings = settings
        self.session = OAuth2Session(
            settings.get('clientId'), settings.get('clientSecret'), scope=' '.join(SCOPE)
        )

    def authenticate(self):
        """Prepares the session for the next request."""

    def members(self):
        return dir(self.session)

    def obtain(self):
        self.authenticate()
        return self.session.fetch_token(self.settings['token'], grant_type='client_credentials')

    def discovery(self):
        import requests
        from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

        url = get_well_known_url(self.settings['issuer'], external=True)
        metadata = AuthorizationServerMetadata(requests.get(url).json())
        metadata.validate()
        return metadata.token_endpoint

    def clientCredentials(self):
        return describe(self.obtain())

    def refresh(self):
        self.obtain()
        self.authenticate()
        return describe(self.session.refresh_token(self.settings['token']))

    def revocation(self):
        token = self.obtain()
        self.authenticate()
        response = self.session.revoke_token(
            self.settings['revocation'], token['access_token'], token_type_hint='access_token'
        )
        response.raise_for_status()
        return describe(token)

    def introspection(self):
        token = self.obtain()
        self.authenticate()
        response = self.session.introspect_token(
            self.settings['introspection'], token['access_token'], token_type_hint='access_token'
        )
        response.raise_for_status()
        return response.json()


class AuthlibWithKeyPair(Authlib):
    def __init__(self, settings):
        from authlib.integrations.requests_client import OAuth2Session

        self.settings = settings
        self.session = OAuth2Session(
            settings.get('clientId'),
            settings.get('privateJwk'),
            token_endpoint_auth_method='private_key_jwt',
            revocation_endpoint_auth_method='private_key_jwt',
            scope=' '.join(SCOPE),
        )

    def authenticate(self):
        """Registers new claims: by default, assertions are valid for an hour, and claims keep their jti."""
        from authlib.oauth2.rfc7523 import PrivateKeyJWT

        claims = {'exp': int(time.time()) + 60}
        method = PrivateKeyJWT(self.settings['token'], claims=claims, alg='ES256')
        self.session.register_client_auth_method(method)


class RequestsOauthlib:
    def __init__(self, settings):
        from oauthlib.oauth2 import BackendApplicationClient
        from requests.auth import HTTPBasicAuth
        from requests_oauthlib import OAuth2Session

        self.settings = settings
        self.auth = HTTPBasicAuth(settings.get('clientId'), settings.get('clientSecret'))
        client = BackendApplicationClient(client_id=settings.get('clientId'), scope=SCOPE)
        self.session = OAuth2Session(client=client, scope=SCOPE)

    def members(self):
        return dir(self.session)

    def obtain(self):
        return self.session.fetch_token(self.settings['token'], auth=self.auth)

    def clientCredentials(self):
        return describe(self.obtain())

    def refresh(self):
        self.obtain()
        return describe(self.session.refresh_token(self.settings['token'], auth=self.auth))


LIBRARIES = {
    'authlib': Authlib,
    'authlib (private_key_jwt)': AuthlibWithKeyPair,
    'requests-oauthlib': RequestsOauthlib,
}

request = json.load(sys.stdin)
client = LIBRARIES[request['library']](request['settings'])
print(json.dumps(getattr(client, request['call'])()))
