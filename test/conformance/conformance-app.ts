import express, { type Express } from 'express';
import {
  authenticate,
  createMemoryStores,
  createRevocations,
  requireScope,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import request, { type Response } from 'supertest';
import { type KeyFiles, loadFiles } from '../support/api-key-files.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';

export const REPORTS = 'https://reports.example.com';

export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read, write]\n';

/** Clients of the authorization server. The secret of each client is `secret-of-`, followed by its ID. */
const KEY_FILES: KeyFiles = {
  'demo.yaml': `api_key: secret-of-demo\nkey_id: demo\nname: Demo\nusers: true\n${KEY}`,
  'other.yaml': `api_key: secret-of-other\nkey_id: other\nname: Other\n${KEY}`,
  'public.yaml': `api_key: secret-of-public\nkey_id: public\nname: Public\nrefresh_tokens: public\n${KEY}`,
  'several.yaml': `api_key: secret-of-several\nkey_id: several\nname: Several\naudiences: [${AUDIENCE}, ${REPORTS}]\n${KEY}`,
  'resource.yaml': `api_key: secret-of-resource\nkey_id: resource\nname: Resource\nintrospects: [${AUDIENCE}]\n${KEY}`,
  'gateway.yaml': `api_key: secret-of-gateway\nkey_id: gateway\nname: Gateway\n${KEY}delegation: { subjects: [demo], audiences: [${REPORTS}] }\n`,
};

/** Parameters of a form body. An array can repeat a name. */
export type Form = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

export interface ConformanceApp {
  readonly app: Express;
  setTime(now: number): void;
  /** Send a form as the client `clientId`, which authenticates with HTTP Basic. Without a client, send no credentials. */
  post(path: Endpoint, form: Form, clientId?: string | undefined): Promise<Response>;
  /** Obtain a token response by client credentials. */
  obtain(form?: Readonly<Record<string, string>>, clientId?: string): Promise<TokenBody>;
  /** Send the token to `GET /guarded`. @returns the status. */
  use(accessToken: string): Promise<number>;
}

type Endpoint = 'token' | 'introspect' | 'revoke';

/** Tokens of a response. Empty if the response has none. */
export interface TokenBody {
  readonly access_token: string;
  readonly refresh_token: string;
}

/**
 * Create an application with the token router under `/oauth`, and the routes `/guarded` and `/write`, which requires the
 * scope `write`. Both read tokens from the header and from forms.
 */
export async function createConformanceApp(
  options: Partial<TokenRouterOptions> = {},
): Promise<ConformanceApp> {
  let now = NOW;
  const clock = () => now;
  const stores = createMemoryStores({ clock });
  const revocations = createRevocations({ stores, clock });
  const service = { keyRing: await createRing(), issuer: ISSUER, revocations, clock };
  const apiKeys = await loadFiles(KEY_FILES);
  const tokenLocations = { authorization: true, form: true };
  const app = express();
  app.use('/oauth', tokenRouter({ ...service, audience: AUDIENCE, apiKeys, stores, ...options }));
  app.use(
    express.urlencoded({ extended: false }),
    authenticate({ ...service, audience: [AUDIENCE, REPORTS], tokenLocations }),
  );
  app.all('/guarded', (_req, res) => void res.json({}));
  app.all('/write', requireScope('write'), (_req, res) => void res.json({}));

  const post = (path: Endpoint, form: Form, clientId?: string) => {
    const sent = request(app).post(`/oauth/${path}`).type('form');
    if (clientId !== undefined) sent.auth(clientId, `secret-of-${clientId}`);
    return sent.send(new URLSearchParams(Array.isArray(form) ? form : Object.entries(form)).toString());
  };

  return {
    app,
    setTime: (time) => {
      now = time;
    },
    post,
    async obtain(form = {}, clientId = 'demo') {
      const { body } = await post('token', { grant_type: 'client_credentials', ...form }, clientId);
      return {
        access_token: String(body.access_token ?? ''),
        refresh_token: String(body.refresh_token ?? ''),
      };
    },
    use: async (accessToken) =>
      (await request(app).get('/guarded').auth(accessToken, { type: 'bearer' })).status,
  };
}
