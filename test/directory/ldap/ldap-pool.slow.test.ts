import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type Directory, type LdapDirectoryOptions, ldapDirectory } from 'passport-jwe/ldap';
import { createCertificateAuthority } from '../../support/certificate-authority.js';
import { outageOf } from '../../support/ldap-outcomes.js';
import {
  change,
  describeWithSlapd,
  group,
  PEOPLE,
  person,
  SERVICE_DN,
  type Slapd,
  type SlapdSettings,
  startSlapd,
} from '../../support/slapd.js';

const ENTRIES = person('alice') + group('staff', `uid=alice,${PEOPLE}`);

/** Let timeouts take longer, for a test that loads the machine. */
function slowDownTimers(): void {
  const start = globalThis.setTimeout;
  const slow = (callback: () => void, delayMs = 0) => start(callback, delayMs * 20);
  jest
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(Object.assign(slow, { __promisify__: start.__promisify__ }));
}

describeWithSlapd('outages of LDAP servers', () => {
  const closing: (() => Promise<unknown>)[] = [];
  const rejections: unknown[] = [];
  const noteRejection = (reason: unknown): void => void rejections.push(reason);

  const start = async (settings: SlapdSettings = {}): Promise<Slapd> => {
    const slapd = await startSlapd({ entries: ENTRIES, ...settings });
    closing.push(slapd.dispose);
    return slapd;
  };
  const create = (options: LdapDirectoryOptions): Directory => {
    const directory = ldapDirectory(options);
    closing.unshift(directory.close);
    return directory;
  };

  beforeEach(() => void process.on('unhandledRejection', noteRejection));

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    process.off('unhandledRejection', noteRejection);
    jest.restoreAllMocks();
    expect(rejections).toEqual([]);
  });

  test('a killed server is an outage, and lookups succeed when it is back', async () => {
    const slapd = await start();
    const directory = create(slapd.options);
    const before = await directory.findByName('alice');
    await slapd.kill();

    expect(await outageOf(directory.findByName('alice'))).toContain('ECONNREFUSED');
    expect(await outageOf(directory.authenticate('alice', 'password of alice'))).toContain('ECONNREFUSED');
    expect(directory.isReady()).toBe(false);
    await slapd.start();
    expect(await directory.findByName('alice')).toEqual(before);
    expect(directory.isReady()).toBe(true);
  });

  test('a server that restarts between two lookups causes no outage', async () => {
    const slapd = await start();
    const directory = create(slapd.options);
    await Promise.all(Array.from({ length: 20 }, () => directory.findByName('alice')));
    await slapd.kill();
    await slapd.start();
    const found = await Promise.all(Array.from({ length: 20 }, () => directory.findByName('alice')));

    expect(new Set(found.map((each) => each?.dn))).toEqual(new Set([`uid=alice,${PEOPLE}`]));
    expect(await slapd.countConnections()).toBeLessThanOrEqual(4);
  });

  test('after a lost connection, no anonymous search answers that a person is absent', async () => {
    // Anonymous searches succeed here, and find no people.
    const slapd = await start();
    const directory = create({ ...slapd.options, maxConnections: 1 });
    const dns: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      await directory.findByName('alice');
      const pending = Array.from({ length: 5 }, () =>
        directory.findByName('alice').then(
          (found) => dns.push(found?.dn),
          () => undefined,
        ),
      );
      await slapd.kill();
      await slapd.start();
      await Promise.all(pending);
      dns.push((await directory.findByName('alice'))?.dn);
    }

    expect(new Set(dns)).toEqual(new Set([`uid=alice,${PEOPLE}`]));
  });

  test('a slow server is an outage after two seconds', async () => {
    const slapd = await start();
    const directory = create(slapd.options);
    await directory.findByName('alice');
    slapd.signal('SIGSTOP');
    const startedAt = performance.now();
    const requests = Array.from({ length: 20 }, () => directory.findByName('alice'));
    requests.push(create(slapd.options).findByName('alice'));
    const causes = await Promise.all(requests.map(outageOf));
    const durationMs = performance.now() - startedAt;
    slapd.signal('SIGCONT');

    expect(causes).toHaveLength(21);
    expect(durationMs).toBeGreaterThan(1900);
    expect(durationMs).toBeLessThan(3000);
    expect((await directory.findByName('alice'))?.name).toBe('alice');
  });

  test('a slow server is replaced by the next one', async () => {
    const [first, second] = [await start(), await start()];
    const url = [first, second].map(({ options }) => String(options.url));
    const directory = create({ ...first.options, url });
    await directory.findByName('alice');
    first.signal('SIGSTOP');

    expect((await directory.findByName('alice'))?.name).toBe('alice');
    expect(await directory.authenticate('alice', 'password of alice')).toMatchObject({
      kind: 'authenticated',
    });
    first.signal('SIGCONT');
  });

  test('the second server is used while the first is down, and the first again later', async () => {
    const [first, second] = [await start(), await start()];
    const url = [first, second].map(({ options }) => String(options.url));
    await first.kill();
    const directory = create({ ...first.options, url });
    await directory.findByName('alice');
    await first.start();
    await directory.findByName('alice');
    const early = [await first.countConnections(), await second.countConnections()];
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 31_000);
    await directory.findByName('alice');
    const late = await first.countConnections();

    expect([early, late]).toEqual([[0, 1], 1]);
  });

  test('a thousand lookups use at most maxConnections connections', async () => {
    slowDownTimers();
    const slapd = await start();
    const directory = create({ ...slapd.options, maxConnections: 10 });
    const counts: number[] = [];
    const lookups = Promise.all(Array.from({ length: 1000 }, () => directory.findByName('alice')));
    let isDone = false;
    const done = lookups.finally(() => {
      isDone = true;
    });
    while (!isDone) counts.push(await slapd.countConnections());
    counts.push(await slapd.countConnections());

    expect((await done).filter((each) => each?.name === 'alice')).toHaveLength(1000);
    expect(Math.max(...counts)).toBe(10);
  });

  test('a connection that the server closes while it is idle is replaced, also with StartTLS', async () => {
    const authority = await createCertificateAuthority();
    closing.push(authority.dispose);
    const slapd = await start({ certificate: await authority.issue(), globals: 'idletimeout 1' });
    const plain = create(slapd.options);
    const tls = create({ ...slapd.options, startTls: true, caFile: authority.caFile });
    await Promise.all([plain.findByName('alice'), tls.findByName('alice')]);
    while ((await slapd.countConnections()) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();

    expect((await plain.findByName('alice'))?.name).toBe('alice');
    expect((await tls.findByName('alice'))?.name).toBe('alice');
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  test('a killed server ends searches with StartTLS at once', async () => {
    const authority = await createCertificateAuthority();
    closing.push(authority.dispose);
    const slapd = await start({ certificate: await authority.issue() });
    const directory = create({ ...slapd.options, startTls: true, caFile: authority.caFile });
    await directory.findByName('alice');
    slapd.signal('SIGSTOP');
    const startedAt = performance.now();
    const pending = outageOf(directory.findByName('alice'));
    await slapd.kill();

    // The listening socket may outlive the connections of a killed process for a moment.
    expect(await pending).toMatch(/ECONNREFUSED|ECONNRESET|Connection closed|disconnected/);
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  test('a new password of the service account is read from its file', async () => {
    const slapd = await start();
    const directory = create(slapd.options);
    await directory.findByName('alice');
    const replace = ['changetype: modify', 'replace: userPassword', 'userPassword: rotated'];
    await slapd.modify(change(SERVICE_DN, ...replace));
    await slapd.kill();
    await slapd.start();
    const rejected = await outageOf(directory.findByName('alice'));
    await slapd.writePassword('rotated\n');

    expect(rejected).toContain('InvalidCredentialsError');
    expect((await directory.findByName('alice'))?.name).toBe('alice');
  });

  test('a rejected password of the service account is sent once in ten seconds', async () => {
    const slapd = await start();
    await slapd.writePassword('wrong');
    const directory = create(slapd.options);
    const first = await outageOf(directory.findByName('alice'));
    await slapd.kill();
    const second = await outageOf(directory.findByName('alice'));
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 11_000);

    expect([first, second]).toEqual([expect.stringContaining('InvalidCredentials'), first]);
    expect(await outageOf(directory.findByName('alice'))).toContain('ECONNREFUSED');
  });

  test('a password file that is empty, missing, or readable by other users is an outage', async () => {
    const slapd = await start();
    const directory = create(slapd.options);
    await slapd.writePassword('x', 0o644);
    const readable = await outageOf(directory.findByName('alice'));
    await slapd.writePassword('\n');
    const empty = await outageOf(directory.findByName('alice'));
    const missing = create({ ...slapd.options, bindPasswordFile: '/nowhere/password' });

    expect([readable, empty]).toEqual([
      expect.stringContaining('run chmod 600'),
      expect.stringContaining('is empty'),
    ]);
    expect(await outageOf(missing.findByName('alice'))).toContain('ENOENT');
  });

  test('a server that closes connections without an answer is an outage', async () => {
    const slapd = await start();
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('data', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `ldap://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const directory = create({ ...slapd.options, url });

    expect(await outageOf(directory.findByName('alice'))).toContain('Connection closed');
    expect(sockets.size).toBe(1);
    server.close();
  });

  test('a connection that breaks in the middle of many searches breaks none of them', async () => {
    const slapd = await start();
    const sockets = new Set<Socket>();
    const proxy = createServer((socket) => {
      const upstream = connect(slapd.port, '127.0.0.1');
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => upstream.destroy());
      upstream.on('error', () => {}).on('close', () => socket.destroy());
      socket.pipe(upstream).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const url = `ldap://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const directory = create({ ...slapd.options, url, maxConnections: 2 });
    await Promise.all([directory.findByName('alice'), directory.findByName('alice')]);
    const lookups = Array.from({ length: 100 }, () => directory.findByName('alice'));
    await new Promise((resolve) => setImmediate(resolve));
    for (const socket of sockets) socket.destroy();

    expect((await Promise.all(lookups)).filter((each) => each?.name === 'alice')).toHaveLength(100);
    expect(sockets.size).toBeLessThanOrEqual(4);
    proxy.close();
  });
});
