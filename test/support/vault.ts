export type Fields = Readonly<Record<string, unknown>>;

export interface Grant {
  /** 0 for no end. */
  readonly ttlSeconds: number;
  /** From its creation on, renewals included. */
  readonly maxTtlSeconds: number;
  readonly renewable: boolean;
  readonly denied: boolean;
  /** It lacks the policy `default`, by which tokens look at themselves and renew themselves. */
  readonly bare: boolean;
}

export interface Role extends Partial<Grant> {
  readonly roleId: string;
  readonly secretId: string;
  readonly mount?: string;
}

interface LiveToken extends Grant {
  readonly createdAt: number;
  expiresAt: number;
}

interface Version {
  readonly fields: Fields;
  deleted: boolean;
}

export interface VaultRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly body: Record<string, unknown>;
}

export interface VaultAnswer {
  readonly status: number;
  readonly body?: object;
}

export const UNLIMITED: Grant = {
  ttlSeconds: 0,
  maxTtlSeconds: 2_764_800,
  renewable: true,
  denied: false,
  bare: false,
};

/** What a Vault holds, and how it answers; HTTP is in `vault-server.ts`. */
export class Vault {
  now = 0;
  beforeWrite: (() => void) | undefined;
  readonly roles: Role[] = [];
  readonly #secrets = new Map<string, Version[]>();
  readonly #tokens = new Map<string, LiveToken>();
  #made = 0;

  versions(path: string): Version[] {
    return this.#secrets.get(path) ?? [];
  }

  write(path: string, fields: Fields): number {
    const versions = [...this.versions(path), { fields, deleted: false }];
    this.#secrets.set(path, versions);
    return versions.length;
  }

  deleteLast(path: string): void {
    const last = this.versions(path).at(-1);
    if (last !== undefined) last.deleted = true;
  }

  addToken(token: string, grant: Grant): void {
    const expiresAt = grant.ttlSeconds === 0 ? Number.POSITIVE_INFINITY : this.now + grant.ttlSeconds;
    this.#tokens.set(token, { ...grant, createdAt: this.now, expiresAt });
  }

  find(token: string | undefined): LiveToken | undefined {
    const live = token === undefined ? undefined : this.#tokens.get(token);
    return live !== undefined && live.expiresAt > this.now ? live : undefined;
  }

  answer(request: VaultRequest): VaultAnswer {
    const login = /^auth\/(.+)\/login$/.exec(request.path);
    if (login !== null) return this.#logIn(login[1] ?? '', request.body);
    const live = this.find(request.token);
    if (live === undefined)
      return errors(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n');
    if (request.path.startsWith('auth/token/')) return this.#answerToken(request, live);
    const data = /^secret\/data\/(.+)$/.exec(request.path);
    if (live.denied) return errors(403, '1 error occurred:\n\t* permission denied\n\n');
    if (data === null) return errors(404, 'no handler for route');
    const path = decodeURIComponent(data[1] ?? '');
    return request.method === 'GET' ? this.#read(path) : this.#checkAndSet(path, request.body);
  }

  #logIn(mount: string, body: Record<string, unknown>): VaultAnswer {
    const role = this.roles.find(
      ({ roleId, secretId, mount: own = 'approle' }) =>
        own === mount && roleId === body['role_id'] && secretId === body['secret_id'],
    );
    if (role === undefined) return errors(400, 'invalid role or secret ID');
    this.#made += 1;
    const token = `hvs.made-${this.#made}`;
    this.addToken(token, { ...UNLIMITED, ...role });
    return this.#lease(token);
  }

  #answerToken({ path, token = '' }: VaultRequest, live: LiveToken): VaultAnswer {
    if (path.endsWith('revoke-self')) {
      this.#tokens.delete(token);
      return { status: 204 };
    }
    if (live.bare) return errors(403, '1 error occurred:\n\t* permission denied\n\n');
    const ttl = Number.isFinite(live.expiresAt) ? live.expiresAt - this.now : 0;
    if (path.endsWith('lookup-self')) {
      return { status: 200, body: { data: { id: token, ttl, renewable: ttl > 0 && live.renewable } } };
    }
    if (!live.renewable || ttl === 0) return errors(400, 'lease is not renewable');
    live.expiresAt = Math.min(this.now + live.ttlSeconds, live.createdAt + live.maxTtlSeconds);
    return this.#lease(token);
  }

  #lease(token: string): VaultAnswer {
    const { expiresAt, renewable } = this.find(token) ?? { expiresAt: this.now, renewable: false };
    const seconds = Number.isFinite(expiresAt) ? expiresAt - this.now : 0;
    return {
      status: 200,
      body: {
        auth: {
          client_token: token,
          lease_duration: seconds,
          renewable,
          token_type: 'service',
          policies: ['default'],
        },
      },
    };
  }

  #read(path: string): VaultAnswer {
    const versions = this.versions(path);
    const last = versions.at(-1);
    if (last === undefined) return { status: 404, body: { errors: [] } };
    const metadata = {
      version: versions.length,
      destroyed: false,
      deletion_time: last.deleted ? '2026-01-01T00:00:00Z' : '',
    };
    const data = last.deleted ? null : last.fields;
    return {
      status: last.deleted ? 404 : 200,
      body: { lease_id: '', lease_duration: 0, renewable: false, data: { data, metadata } },
    };
  }

  #checkAndSet(path: string, body: Record<string, unknown>): VaultAnswer {
    this.beforeWrite?.();
    this.beforeWrite = undefined;
    const cas = memberOf(body['options'], 'cas');
    if (cas === undefined) return errors(400, 'check-and-set parameter required for this call');
    if (cas !== this.versions(path).length) {
      return errors(400, 'check-and-set parameter did not match the current version');
    }
    const version = this.write(path, { ...(typeof body['data'] === 'object' ? body['data'] : {}) });
    return { status: 200, body: { data: { version, destroyed: false, deletion_time: '' } } };
  }
}

export function errors(status: number, text: string): VaultAnswer {
  return { status, body: { errors: [text] } };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
