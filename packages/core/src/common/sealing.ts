/**
 * Secrets are sealed with AES-256-GCM. Where a secret belongs is a part of what is authenticated:
 * one that is copied to another organization, connection or purpose does not open there. Sealing
 * keys are the project's, and never in the database.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

/** Its value is not in what is printed of it. */
export interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Where a secret belongs. */
export interface SecretPlace {
  readonly organizationId: string;
  readonly connectionId: string;
  /** For example `api_key`. */
  readonly purpose: string;
}

export interface SealedSecret {
  /** In base64: nonce, what is sealed, tag. */
  readonly sealed: string;
  readonly keyId: string;
}

/** A secret cannot be sealed, opened or read. What it says never repeats one. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  /** What helps. */
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** The secret of a project that holds its sealing keys. */
export const SEALING_KEYS = 'POSTRIDER_SECRETS_KEY';

const NONCE = 12;
const TAG = 16;
const MAKE_ONE = 'make one: postrider secrets key';

/** As it stands in the secret of the project: `id:key`. */
export function makeSealingKey(): string {
  const key = randomBytes(32);
  return `${idOf(key)}:${key.toString('base64')}`;
}

/**
 * The keys of a project, the newest first: `id:key`, apart by blanks or commas. A key without an id
 * is known by its digest. Throws `SecretError`.
 */
export function readSealingKeys(text: string | undefined): readonly SealingKey[] {
  const keys = (text ?? '').split(/[\s,]+/).filter((part) => part !== '');
  const read = keys.map((part, index) => readKey(part, index + 1));
  const twice = read.find(({ id }, index) => read.findIndex((one) => one.id === id) < index);
  if (twice !== undefined)
    throw new SecretError(
      `two keys of ${SEALING_KEYS} have the id ${twice.id}`,
      'each needs an id of its own; nothing was changed',
    );
  return read;
}

function readKey(part: string, place: number): SealingKey {
  const [, id, value = ''] = /^(?:([\w-]{1,60}):)?([A-Za-z\d+/]{43}=)$/.exec(part) ?? [];
  const key = Buffer.from(value, 'base64');
  if (key.length !== 32)
    throw new SecretError(
      `key ${place} of ${SEALING_KEYS} is not 32 bytes in base64, with an id and a colon before it`,
      `${MAKE_ONE}. Nothing was changed`,
    );
  return { id: id ?? idOf(key), key: createSecretKey(key) };
}

/** Tells keys apart, and says nothing of one. */
function idOf(key: Buffer): string {
  return createHash('sha256')
    .update('postrider sealing key\0')
    .update(key)
    .digest('hex')
    .slice(0, 12);
}

/** With the newest of the keys. Throws `SecretError` where there is none. */
export function seal(value: string, place: SecretPlace, keys: readonly SealingKey[]): SealedSecret {
  const [newest] = keys;
  if (newest === undefined)
    throw new SecretError(
      `nothing can be sealed: ${SEALING_KEYS} is not set`,
      `${MAKE_ONE}; or keep the secret elsewhere and name it: env:NAME or file:/path. ` +
        'Nothing was changed',
    );
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', newest.key, nonce, { authTagLength: TAG });
  cipher.setAAD(authenticated(place, newest.id));
  const sealed = Buffer.concat([
    nonce,
    cipher.update(value, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return { sealed: sealed.toString('base64'), keyId: newest.id };
}

/** Throws `SecretError` where the key is missing, or where it was sealed for another place. */
export function unseal(
  { sealed, keyId }: SealedSecret,
  place: SecretPlace,
  keys: readonly SealingKey[],
): string {
  const found = keys.find(({ id }) => id === keyId);
  if (found === undefined)
    throw new SecretError(
      `the ${place.purpose} is sealed with key ${keyId}, which is not here: ${SEALING_KEYS} ` +
        (keys.length === 0 ? 'is not set' : `has ${keys.map(({ id }) => id).join(', ')}`),
      `add key ${keyId} to ${SEALING_KEYS} of this process, or replace the secret: ` +
        'postrider connection rotate',
    );
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', found.key, bytes.subarray(0, NONCE), {
      authTagLength: TAG,
    });
    decipher.setAAD(authenticated(place, keyId));
    decipher.setAuthTag(bytes.subarray(-TAG));
    const opened = decipher.update(bytes.subarray(NONCE, -TAG));
    return Buffer.concat([opened, decipher.final()]).toString('utf8');
  } catch {
    throw new SecretError(
      `the ${place.purpose} does not open with key ${keyId}: it was sealed for another ` +
        'connection, or with another key of this id, or was changed',
      'replace it: postrider connection rotate',
    );
  }
}

/** A list in JSON, so that no two places read alike. */
function authenticated(place: SecretPlace, keyId: string): Buffer {
  const { organizationId, connectionId, purpose } = place;
  return Buffer.from(
    JSON.stringify(['postrider secret', organizationId, connectionId, purpose, keyId]),
  );
}
