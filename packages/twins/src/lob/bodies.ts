/** Reads the body of a request: JSON, a form, or a multipart form with files. */
import { hash } from 'node:crypto';
import { isFile, readMultipart, readUrlEncoded, type FormFile } from '../kit/forms.ts';
import type { TwinRequest } from '../kit/exchange.ts';
import { Refused } from './refusals.ts';

export interface ReadBody {
  /** As an object; a file is its name there, as far as the spec knows files. */
  readonly fields: Record<string, unknown>;
  readonly form: boolean;
  readonly files: Readonly<Record<string, FormFile & { readonly sha256: string }>>;
}

const suffixes: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'text/html': 'html',
};

/** Throws `Refused`. */
export function readBody({ headers, body }: TwinRequest): ReadBody {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  switch (type) {
    case 'application/json':
      return { fields: readJson(body), form: false, files: {} };
    case 'application/x-www-form-urlencoded':
      return { fields: readUrlEncoded(body.toString()), form: true, files: {} };
    case 'multipart/form-data': {
      const form = readMultipart(body, headers['content-type'] ?? '');
      if (form === null) throw new Refused('bad_request', 'The multipart body cannot be read.');
      const files: Record<string, FormFile & { sha256: string }> = {};
      const fields: Record<string, unknown> = { ...form };
      for (const [name, value] of Object.entries(form)) {
        if (!isFile(value)) continue;
        const sha256 = hash('sha256', value.bytes);
        files[name] = { ...value, sha256 };
        fields[name] = `${name}.${suffixOf(value)}`;
      }
      return { fields, form: true, files };
    }
    default:
      throw new Refused(
        'bad_request',
        `The content type ${JSON.stringify(type)} is not supported.`,
      );
  }
}

function suffixOf({ name, type }: FormFile): string {
  return suffixes[type] ?? /\.(html?|pdf|png|jpg)$/.exec(name)?.[1] ?? 'unknown';
}

function readJson(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new Refused('bad_request', 'The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refused('bad_request', 'The body must be an object.');
  return value as Record<string, unknown>;
}

/** Of all that was sent: files by their bytes, whatever the order of the fields. */
export function fingerprintOf({ fields, files }: ReadBody): string {
  const hashes = Object.entries(files).map(([name, { sha256 }]) => [name, sha256]);
  const whole = { ...fields, ...Object.fromEntries(hashes) };
  return hash('sha256', JSON.stringify(sorted(whole)), 'base64url');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, sorted(inner)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** For the log: files by their size and hash. */
export function loggedFields({ fields, files }: ReadBody): object {
  const told = Object.entries(files).map(([name, { name: file, type, bytes, sha256 }]) => [
    name,
    { file, type, bytes: bytes.length, sha256 },
  ]);
  return { ...fields, ...Object.fromEntries(told) };
}
