import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { z } from 'zod';
import { providerEncoded } from './model-api-error.js';

/** Form of content codings. Other strings could contain anything, for example a secret. */
const CODING = /^[a-z0-9-]{1,16}$/;

/**
 * Decodes a body that a provider has encoded although the request asks for `identity` (RFC 9110 §12.5.3).
 *
 * @param contentEncoding value of `Content-Encoding`.
 * @throws ModelApiError (502) that names the encoding, if it is not supported.
 */
export function decodeBody(body: Readable, contentEncoding: string | undefined): Readable {
  const coding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return body;
  const decoder = createDecoder(coding);
  if (decoder === undefined) {
    discard(body);
    throw providerEncoded(CODING.test(coding) ? coding : 'an unknown encoding');
  }
  // Errors of the connection reach the reader through the decoder.
  pipeline(body, decoder, () => {});
  return decoder;
}

function createDecoder(coding: string): Transform | undefined {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return zlib.createUnzip({ flush: Z_SYNC_FLUSH });
    case 'br':
      return zlib.createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return createZstdDecompress?.();
    default:
      return undefined;
  }
}

/** Function of Node 22.15 and later. */
const { createZstdDecompress } = z
  .object({
    createZstdDecompress: z.custom<() => Transform>((value) => typeof value === 'function').optional(),
  })
  .parse({ ...zlib });

/** Discards a response body and ignores its errors. */
export function discard(body: Readable): void {
  body.on('error', () => {}).destroy();
}
