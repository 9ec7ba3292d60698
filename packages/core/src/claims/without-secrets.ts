/**
 * Takes out of texts what opens something: secrets by their names and by their looks, what an
 * address carries behind its question mark, and places on our own disk. Calls are kept without the
 * secrets of their connection; this is for what a provider writes into an answer.
 */

export const REMOVED = '[removed]';

const SECRET_NAME =
  /^(?!.*idempotency).*(secret|token|passw(or)?d|credential|signature|cookie|authorization|api[-_]?key|private[-_]?key)/i;

const SECRET_WORD =
  /\b(?:live|test|sk|pk|rk|key|whsec|pat|tok)_[A-Za-z0-9_-]{6,}|\b(?:Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/g;

const ADDRESS_WITH_LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"'<>@]+@/gi;
const ADDRESS_WITH_QUERY = /\b(https?:\/\/[^\s"'<>?#]+)[?#][^\s"'<>]*/gi;
const PLACE_ON_DISK = /\bfile:\/\/[^\s"'<>]*/gi;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** @param documents addresses of documents with others' cards in them. */
export function withoutSecrets(text: string, documents: readonly string[] = []): string {
  let kept = text;
  for (const address of documents) kept = kept.replaceAll(address, REMOVED);
  return kept
    .replace(PLACE_ON_DISK, REMOVED)
    .replace(ADDRESS_WITH_LOGIN, `$1${REMOVED}@`)
    .replace(ADDRESS_WITH_QUERY, `$1?${REMOVED}`)
    .replace(SECRET_WORD, REMOVED);
}
