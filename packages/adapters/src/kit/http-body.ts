/** Bodies of requests as bytes, and bodies of answers as text. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { EncodedBody, Form } from './form.ts';

export type HttpBody = string | Uint8Array | Form;

/** What is encoded already is left as it is. */
export function encodeBody(body: HttpBody | EncodedBody): EncodedBody {
  if (typeof body === 'string') return { bytes: Buffer.from(body), contentType: null };
  if (body instanceof Uint8Array) return { bytes: body, contentType: null };
  return 'contentType' in body ? body : body.encode();
}

/**
 * The text of an answer, unpacked where a server packed it although nobody asked for it. Null where
 * it cannot be unpacked, or is larger than `largest`.
 */
export function plainText(
  bytes: Uint8Array,
  encoding: string | undefined,
  largest: number,
): string | null {
  const limit = { maxOutputLength: largest };
  try {
    switch (encoding?.trim().toLowerCase() ?? 'identity') {
      case '':
      case 'identity':
        return Buffer.from(bytes).toString('utf8');
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, limit).toString('utf8');
      case 'deflate':
        return inflateSync(bytes, limit).toString('utf8');
      case 'br':
        return brotliDecompressSync(bytes, limit).toString('utf8');
      default:
        return null;
    }
  } catch {
    return null;
  }
}
