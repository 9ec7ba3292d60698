/**
 * Takes secrets out of what is kept of a request or an answer: those that it is told, however they
 * are written, and whatever stands under a name that secrets have.
 */
import { patternOf } from './redact-pattern.ts';

export type Redact = (text: string) => string;

export const REDACTED = '[redacted]';

const NAMES =
  '(?:secret|token|passw(?:or)?d|credential|signature|cookie|' +
  'authorization|api[-_]?key|private[-_]?key)';

/** Of headers. A key of idempotency is no secret, and printers are asked by it. */
const HEADER = new RegExp(`^(?!.*idempotency)(.*${NAMES}.*|key|auth|sig|x-.*key)$`, 'i');

const WORD = '[\\w.~-]{0,60}';

/** In an address or a form. */
const PARAMETER = new RegExp(`([?&]|^)(${WORD}${NAMES}${WORD}|key|auth|sig)=[^&\\s"'<>]+`, 'gim');

/** In JSON, also in JSON that stands in a text of JSON: there each quote has strokes before it. */
const FIELD = new RegExp(
  `((\\\\{0,8})"${WORD}${NAMES}${WORD}\\2"\\s{0,9}:\\s{0,9}\\2")[^]*?(?:(?<!\\\\)\\2"|$)`,
  'gi',
);

export function isSecretHeader(name: string): boolean {
  return HEADER.test(name);
}

/** @param secrets as values; one that is empty is none. */
export function redactor(secrets: readonly string[]): Redact {
  const values = valuesIn(secrets);
  return (text) => withoutFields(withoutParameters(values(text)));
}

// Most of what is kept are short texts without either mark, and there are fifty of them a card.
function withoutParameters(text: string): string {
  return text.includes('=') ? text.replace(PARAMETER, `$1$2=${REDACTED}`) : text;
}

function withoutFields(text: string): string {
  if (!text.includes('"')) return text;
  return text.replace(
    FIELD,
    (_, opening: string, strokes: string) => `${opening}${REDACTED}${strokes}"`,
  );
}

/** A shorter value is a word that any answer may have. */
const SHORTEST = 8;

/**
 * Takes the values alone, so that an adapter can go on reading the text: whatever it makes of it, a
 * message or an error, has no secret.
 */
export function valueRedactor(secrets: readonly string[]): Redact {
  return valuesIn(secrets.filter(({ length }) => length >= SHORTEST));
}

function valuesIn(secrets: readonly string[]): Redact {
  const patterns = [...new Set(secrets.map((secret) => secret.trim()))]
    .filter((secret) => secret !== '')
    // The longest first: one may begin another.
    .toSorted((a, b) => b.length - a.length)
    .map(patternOf);
  return (text) => patterns.reduce((kept, pattern) => kept.replace(pattern, REDACTED), text);
}
