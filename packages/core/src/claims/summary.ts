/** What people read of a claim pack first: a table of all cards, and a text about the files. */
import type { ClaimedPiece, ClaimPreview } from '../machine/claims.ts';

export interface NamedPiece {
  /** Within the pack. */
  readonly path: string;
  readonly piece: ClaimedPiece;
}

const columns: readonly (readonly [name: string, value: (one: NamedPiece) => unknown])[] = [
  ['printer_id', ({ piece }) => piece.providerId],
  ['our_reference', ({ piece }) => piece.mailpieceId],
  ['campaign', ({ piece }) => piece.campaign],
  ['result', ({ piece }) => piece.result],
  ['status', ({ piece }) => piece.status],
  ['format', ({ piece }) => piece.format],
  ['mail_class', ({ piece }) => piece.mailClass],
  ['accepted_at', ({ piece }) => piece.acceptedAt],
  ['promised_delivery', ({ piece }) => piece.expectedDelivery],
  ['overdue_from', ({ piece }) => piece.dueAt],
  ['last_event', ({ piece }) => piece.events.at(-1)?.providerStatus],
  ['last_event_at', ({ piece }) => piece.events.at(-1)?.occurredAt],
  ['delivered_at', (one) => firstTime(one, 'delivered')],
  ['returned_at', (one) => firstTime(one, 'returned')],
  ['price', ({ piece }) => piece.price?.amount],
  ['currency', ({ piece }) => piece.price?.currency],
  ['artwork_front_sha256', ({ piece }) => piece.artwork.front?.hash],
  ['artwork_back_sha256', ({ piece }) => piece.artwork.back?.hash],
  ['events', ({ piece }) => piece.events.length],
  ['calls', ({ piece }) => piece.calls.length],
  ['details', ({ path }) => path],
];

function firstTime({ piece }: NamedPiece, status: string): string | undefined {
  return piece.events.find((event) => event.status === status)?.occurredAt;
}

/** RFC 4180. No name and no address: it is passed on more easily than the rest. */
export function summary(pieces: readonly NamedPiece[]): string {
  return [
    columns.map(([name]) => name),
    ...pieces.map((one) => columns.map(([, value]) => value(one))),
  ]
    .map((cells) => `${cells.map(cell).join(',')}\r\n`)
    .join('');
}

/** A cell that begins like a formula is text to every spreadsheet. */
function cell(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

export function readme(
  { pieces, results, from, to, prices }: ClaimPreview,
  printer: string,
): string {
  const lines = [
    'Claim for cards that were not delivered as agreed',
    '',
    `Printer: ${printer}`,
    `Cards: ${pieces}, accepted from ${from ?? '-'} to ${to ?? '-'}`,
    ...Object.entries(results).map(([result, many]) => `  ${many} ${meaning[result] ?? result}`),
    ...prices.map(
      ({ currency, cards, amount }) => `Price: ${amount} ${currency} for ${cards} of them`,
    ),
    '',
    'summary.csv      a line for each card: its id at the printer, ours, dates, price, hashes of',
    '                 the document with its artwork, and its file',
    'pieces/*.json    a file for each card:',
    '  dates          opened and accepted by our clock; from when on it counts as overdue',
    '  expected       within how many days of being accepted, and by what: learned from what was',
    '                 delivered before, promised by the printer, or the usual time of its class',
    '  card           as it was ordered; SHA-256 of the document that has its artwork, and its',
    '                 pages there. Where single pages were sent, their hashes stand in the request',
    '  events         what the printer told of it, with the time it gave and when it came to us',
    '  history        how it moved here',
    '  calls          each request to the printer about it, with the answer, as they were kept',
    '                 then; a body of over 8 kB by its length and SHA-256',
    '  webhooks       as they came',
    '',
    'Secrets, signed links and documents are taken out ([removed]), and so is what is about other',
    'cards ([withheld: about other cards]). Times are ISO 8601 with their zone.',
    '',
  ];
  return lines.join('\n');
}

const meaning: Readonly<Record<string, string>> = {
  overdue: 'overdue: accepted, and not delivered in the time that is expected',
  silent: 'silent: nothing was told of their delivery until they were assumed to be there',
  returned: 'returned to the sender',
  failed: 'failed at the printer',
  cancelled: 'cancelled',
  delivered: 'delivered',
  on_its_way: 'on their way',
};
