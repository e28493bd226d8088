import express, { type Router } from 'express';
import { requireScope, verifiedToken } from 'passport-jwe';

interface Document {
  readonly id: number;
  readonly title: string;
  readonly author: string | undefined;
}

const MAX_DOCUMENTS = 1000;
const MAX_TITLE_LENGTH = 200;

/** Creates routes that read and write documents in memory, with a separate scope for each operation. */
export function documentRoutes(): Router {
  const documents: Document[] = [{ id: 1, title: 'Welcome', author: undefined }];
  const router = express.Router();

  router.get('/documents', requireScope('read:documents'), (_req, res) => {
    res.json({ documents });
  });

  router.post('/documents', requireScope('write:documents'), express.json({ limit: '16kb' }), (req, res) => {
    const title: unknown = req.body?.title;
    if (typeof title !== 'string' || title === '' || title.length > MAX_TITLE_LENGTH) {
      res
        .status(400)
        .json({ error: 'invalid_request', error_description: 'title must be 1 to 200 characters' });
      return;
    }
    if (documents.length >= MAX_DOCUMENTS) documents.shift();
    const id = (documents.at(-1)?.id ?? 0) + 1;
    const document = { id, title, author: verifiedToken(req).claims.client_id };
    documents.push(document);
    res.status(201).json(document);
  });

  return router;
}
