/**
 * A claim pack: what a printer asks for with a claim for a refund, as files. The same cards give
 * the same bytes: nothing in it is of the hour in which it is made.
 */
import { requireKnown } from '../common/invalid-options.ts';
import type { Sql } from '../machine/calls.ts';
import {
  claimPieces,
  claimPreview,
  claimResults,
  type ClaimedCall,
  type ClaimedPiece,
  type ClaimPreview,
  type ClaimResult,
  type ClaimSelection,
} from '../machine/claims.ts';
import { keepOwnBody, keepOwnText, type OwnCard } from './keep-own.ts';
import { readme, summary, type NamedPiece } from './summary.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface ClaimFile {
  /** For example `pieces/psc_208e45e48d271294.json`. */
  readonly path: string;
  readonly text: string;
}

export interface ClaimPack extends ClaimPreview {
  readonly printer: string;
  /** In the order in which they stand in an archive. */
  readonly files: readonly ClaimFile[];
}

/** A claim pack cannot be made of these cards; nothing was written. */
export class ClaimPackError extends Error {
  override readonly name = 'ClaimPackError';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** They are in memory, all at once. */
export const MOST_CLAIMED = 10_000;
const PAGE = 200;

const selectionFields: readonly (keyof ClaimSelection)[] = [
  'campaignId',
  'mailpieceIds',
  'which',
  'printer',
  'since',
  'until',
];

/**
 * Throws `ClaimPackError` where there are no such cards, too many, or cards of several printers.
 */
export async function claimPack(
  sql: Sql,
  organizationId: string,
  selection: ClaimSelection,
): Promise<ClaimPack> {
  requireKnown('claimPack', selection, selectionFields);
  const printer = requireClaimable(await claimPreview(sql, organizationId, selection));
  const pieces: ClaimedPiece[] = [];
  // Cards are delivered, and more are accepted, meanwhile: a pack holds those of this printer.
  const ofPrinter = { ...selection, printer };
  for (let after: string | undefined; pieces.length < MOST_CLAIMED;) {
    const page = await claimPieces(sql, organizationId, ofPrinter, { after, limit: PAGE });
    pieces.push(...page);
    after = page.at(-1)?.mailpieceId;
    if (page.length < PAGE) break;
  }
  const counted = countsOf(pieces, printer);
  const named = withPaths(pieces);
  return {
    ...counted,
    printer,
    files: [
      { path: 'README.txt', text: readme(counted, printer) },
      { path: 'summary.csv', text: summary(named) },
      ...named.map(({ path, piece }) => ({
        path,
        text: `${JSON.stringify(toldOf(piece), null, 2)}\n`,
      })),
    ],
  };
}

/** As a preview counts, of the cards that are in the pack. */
function countsOf(pieces: readonly ClaimedPiece[], printer: string): ClaimPreview {
  const results: Partial<Record<ClaimResult, number>> = {};
  for (const result of claimResults) {
    const many = pieces.filter((piece) => piece.result === result).length;
    if (many > 0) results[result] = many;
  }
  const accepted = pieces
    .map((piece) => piece.acceptedAt)
    .toSorted((a, b) => Date.parse(a) - Date.parse(b));
  const prices = Map.groupBy(
    pieces.flatMap(({ price }) => (price === null ? [] : [price])),
    ({ currency }) => currency,
  );
  return {
    pieces: pieces.length,
    printers: pieces.length === 0 ? [] : [{ printer, pieces: pieces.length }],
    results,
    from: accepted[0] ?? null,
    to: accepted.at(-1) ?? null,
    prices: [...prices].map(([currency, of]) => ({
      currency,
      cards: of.length,
      amount: sumOf(of.map(({ amount }) => amount)),
    })),
  };
}

/** Of decimals, without the error of adding fractions of two. */
function sumOf(amounts: readonly string[]): number {
  const scale = Math.max(0, ...amounts.map((amount) => amount.split('.')[1]?.length ?? 0));
  const units = amounts.map((amount) => Math.round(Number(amount) * 10 ** scale));
  return Number((units.reduce((sum, one) => sum + one, 0) / 10 ** scale).toFixed(scale));
}

/** Returns the printer. */
export function requireClaimable({ pieces, printers }: ClaimPreview): string {
  const [first] = printers;
  if (first === undefined)
    throw new ClaimPackError(
      'there is no such card',
      'a claim is about live cards that a printer has accepted; nothing was written',
    );
  if (printers.length > 1)
    throw new ClaimPackError(
      `these cards are of ${printers.length} printers: ` +
        printers.map((one) => `${one.printer} (${one.pieces})`).join(', '),
      'a claim goes to one of them: say which; nothing was written',
    );
  if (pieces > MOST_CLAIMED)
    throw new ClaimPackError(
      `these are ${pieces} cards, and a pack holds ${MOST_CLAIMED}`,
      'make several of them, by when the cards were accepted; nothing was written',
    );
  return first.printer;
}

/** By the printer's id, as far as it can be the name of a file and is one card's alone. */
function withPaths(pieces: readonly ClaimedPiece[]): readonly NamedPiece[] {
  const used = new Set<string>();
  return pieces.map((piece) => {
    const wanted = piece.providerId ?? '';
    const plain = /^\w[\w.-]{0,99}$/.test(wanted) && !used.has(wanted.toLowerCase());
    const name = plain ? wanted : piece.mailpieceId;
    used.add(name.toLowerCase());
    return { path: `pieces/${name}.json`, piece };
  });
}

/** What is told of one card, in the order in which people read it. */
function toldOf(piece: ClaimedPiece): unknown {
  const card: OwnCard = {
    ids: [piece.mailpieceId, piece.providerId, piece.idempotencyKey].filter((id) => id !== null),
    documents: piece.documents,
  };
  const words = (text: string | null): string | null =>
    text === null ? null : withoutSecrets(text, card.documents);
  return {
    printerId: piece.providerId,
    ourReference: piece.mailpieceId,
    idempotencyKey: piece.idempotencyKey,
    printer: piece.printer,
    provider: piece.provider,
    account: piece.connection,
    mode: piece.mode,
    campaign: piece.campaign,
    result: piece.result,
    status: piece.status,
    rerouted: piece.rerouted,
    detail: words(piece.outcomeDetail),
    dates: {
      opened: piece.openedAt,
      accepted: piece.acceptedAt,
      cancellableUntil: piece.cancellableUntil,
      promisedDelivery: piece.expectedDelivery,
      overdueFrom: piece.dueAt,
    },
    expected: { withinDays: piece.expectedDays, basis: piece.basis },
    price: piece.price,
    card: {
      format: piece.format,
      mailClass: piece.mailClass,
      to: piece.to,
      from: piece.from,
      artwork: piece.artwork,
    },
    erased: piece.erasedAt,
    events: piece.events,
    history: piece.history,
    calls: piece.calls.map((call) => toldOfCall(call, card)),
    webhooks: piece.webhooks.map(({ body, ...webhook }) => ({
      ...webhook,
      body: keepOwnBody(Buffer.from(body, 'base64').toString('utf8'), card, 'unknown'),
    })),
  };
}

function toldOfCall(call: ClaimedCall, card: OwnCard): unknown {
  const { request, answer, error, others, ...rest } = call;
  const kept = (text: string | null, isRequest: boolean): unknown =>
    text === null ? null : keepOwnText(text, card, isRequest && others === 0 ? 'own' : 'unknown');
  return {
    ...rest,
    error: error === null ? null : withoutSecrets(error, card.documents),
    alsoAboutOthers: others,
    request: kept(request, true),
    answer: kept(answer, false),
  };
}
