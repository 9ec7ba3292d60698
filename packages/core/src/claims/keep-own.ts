/**
 * Keeps of a request, an answer or a webhook what is about one card. A printer may be asked about
 * many cards at once, and may answer with those of others: what does not name the card is taken out
 * where it may be somebody's.
 *
 * An object names the card where one of its values is an id of it, or one of a direct object
 * without a person in it, as `metadata`: all below it is the card's own, but for another card in
 * it, and for lists of which some elements name the card and others do not. Where it is not known
 * whose a thing is, only single values are kept, and what has an address in it is taken out. What
 * was sent for the card alone is its own without that.
 */
import { isSecretName, REMOVED, withoutSecrets } from './without-secrets.ts';

/** By which a card is known: by us, and by its printer. */
export interface OwnCard {
  readonly ids: readonly string[];
  /** Addresses of its documents: others' cards are in them. */
  readonly documents: readonly string[];
}

export const WITHHELD = '[withheld: about other cards]';

/** Names of what is of a person. Not `name`: scans have names, too. */
const PERSONAL =
  /^(to|recipients?|addressee|contact|person|address(es)?|(address_?)?lines?_?\d?|street|city|post_?code|postal_?code|zip_?(code)?|first_?name|last_?name|full_?name|phone|e_?mail)$/i;

const GOES_TO = /^(to|recipients?|addressee)$/i;

const ID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

type Whose = 'own' | 'unknown';

/** Of a text that was kept: a head and, after an empty line, a body. */
export function keepOwnText(
  text: string,
  card: OwnCard,
  whose: Whose,
): { readonly head: string; readonly body: unknown } {
  const at = text.indexOf('\n\n');
  const head = withoutSecrets(at === -1 ? text : text.slice(0, at), card.documents);
  return { head, body: keepOwnBody(at === -1 ? '' : text.slice(at + 2), card, whose) };
}

export function keepOwnBody(body: string, card: OwnCard, whose: Whose): unknown {
  if (body === '' || /^\[\d+ bytes, SHA-256 [0-9a-f]{64}\]$/.test(body)) return body;
  let read: unknown;
  try {
    read = JSON.parse(body);
  } catch {
    return whose === 'own' ? withoutSecrets(body, card.documents) : withheldText(body);
  }
  return keptOf(read, card, whose);
}

/** Words without a person in them stay, as `not found`: a form or a page does not. */
function withheldText(body: string): string {
  return /^[\w .,:;'!-]{1,200}$/.test(body) ? body : WITHHELD;
}

function keptOf(value: unknown, card: OwnCard, whose: Whose): unknown {
  if (typeof value === 'string') return withoutSecrets(value, card.documents);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return keptList(value, card, whose);
  const entries = Object.entries(value);
  const known = whose === 'own' || namesDirectly(value, card) ? 'own' : 'unknown';
  // Nobody knows whose it is, and it has an address.
  if (known === 'unknown' && !mentions(value, card) && isPersonal(value)) return WITHHELD;
  const byId = entries.length > 0 && entries.every(([name]) => isId(name, card));
  const kept = entries.filter(
    ([name, inner]) => !byId || card.ids.includes(name) || mentions(inner, card),
  );
  return Object.fromEntries(
    kept.map(([name, inner]) => [
      withoutSecrets(name, card.documents),
      isSecretName(name)
        ? REMOVED
        : isAnotherCard(inner, card)
          ? WITHHELD
          : keptOf(inner, card, byId && card.ids.includes(name) ? 'own' : known),
    ]),
  );
}

function keptList(list: readonly unknown[], card: OwnCard, whose: Whose): unknown {
  const some = list.some((one) => mentions(one, card));
  const kept = list.filter((one) => {
    if (some) return mentions(one, card);
    return whose === 'own' && !isPersonal(one);
  });
  const left = list.length - kept.length;
  return [
    ...kept.map((one) => keptOf(one, card, whose === 'own' && !some ? 'own' : 'unknown')),
    ...(left === 0 ? [] : [`${WITHHELD} ×${left}`]),
  ];
}

/** It has somebody to whom it goes, and does not name the card. */
function isAnotherCard(value: unknown, card: OwnCard): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).some(([name, to]) => GOES_TO.test(name) && typeof to === 'object') &&
    !mentions(value, card)
  );
}

/** A value of it, or of an object right below it, is an id of the card. */
function namesDirectly(value: object, card: OwnCard): boolean {
  const isOwn = (one: unknown): boolean =>
    typeof one === 'string' && card.ids.some((id) => one.includes(id));
  return Object.values(value).some(
    (one: unknown) =>
      isOwn(one) ||
      (typeof one === 'object' &&
        one !== null &&
        !Array.isArray(one) &&
        !isPersonal(one) &&
        Object.values(one).some(isOwn)),
  );
}

function mentions(value: unknown, { ids }: OwnCard): boolean {
  const text = JSON.stringify(value) ?? '';
  return ids.some((id) => text.includes(id));
}

function isId(name: string, { ids }: OwnCard): boolean {
  return ids.includes(name) || ID.test(name);
}

function isPersonal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, inner]) => (!Array.isArray(value) && PERSONAL.test(name)) || isPersonal(inner),
  );
}
