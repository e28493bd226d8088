import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createTestKeyRing, mintToken } from 'passport-jwe/testing';
import request from 'supertest';
import type { App } from 'supertest/types.js';
import { AppModule } from '../src/app.module.js';
import { KEY_RING } from '../src/key-ring.provider.js';
import { UsersService } from '../src/users.service.js';

describe('documents (e2e)', () => {
  const keyRing = createTestKeyRing();
  const settings = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };
  let app: INestApplication<App>;

  beforeEach(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(KEY_RING)
      .useValue(keyRing)
      .overrideProvider(UsersService)
      .useValue({ find: (id: string) => Promise.resolve({ id, name: 'Test user' }) })
      .compile();
    app = module.createNestApplication();
    await app.init();
  });

  afterEach(() => app.close());

  const get = (path: string, token: string) =>
    request(app.getHttpServer()).get(path).auth(token, { type: 'bearer' });

  it('lists the documents of the user', async () => {
    const token = await mintToken(settings);

    await get('/documents', token).expect(200, { documents: [], for: 'Test user' });
  });

  it('rejects a token without the scope', async () => {
    await get('/documents/drafts', await mintToken(settings)).expect(403);
    await get('/documents/drafts', await mintToken({ ...settings, scope: 'read:drafts' })).expect(200);
  });

  it('rejects a request without a token', async () => {
    await request(app.getHttpServer()).get('/documents').expect(401);
  });
});
