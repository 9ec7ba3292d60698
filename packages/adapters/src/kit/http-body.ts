/** Bodies of requests as bytes, and bodies of answers as text. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

export interface EncodedBody {
  readonly bytes: Uint8Array;
  /** Of a form, with the boundary of its parts; null: the caller's. */
  readonly contentType: string | null;
}

export type HttpBody = string | Uint8Array | FormData;

/** What is encoded already is left as it is. */
export async function encodeBody(body: HttpBody | EncodedBody): Promise<EncodedBody> {
  if (typeof body === 'object' && 'contentType' in body) return body;
  if (typeof body === 'string') return { bytes: Buffer.from(body), contentType: null };
  if (body instanceof Uint8Array) return { bytes: body, contentType: null };
  const form = new Response(body);
  return { bytes: await form.bytes(), contentType: form.headers.get('content-type') };
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
