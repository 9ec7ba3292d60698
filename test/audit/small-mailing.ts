/**
 * A mailing of three cards for the auditor's own tests, good as it is; a test plants one fault in
 * it and asks what the auditor says.
 *
 * Five rows: two people who get a card, one whose address is looked up, one suppressed, and the
 * second person of a household.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { audit, type AuditReport } from './auditor.ts';
import { CUSTOMER_COLUMNS } from './oracle.ts';
import { printPdf, writeManifest, type TestCard } from './small-press.ts';

export const scratch = mkdtempSync(join(tmpdir(), 'audit-'));
after(() => rmSync(scratch, { recursive: true }));

// Row 2 to 6. Grace is suppressed, Sofia lives with Ann, and Mei is known by e-mail only.
const ROWS = [
  [
    'C1',
    'ann@example.com',
    'Ann',
    'Griffin-Offley',
    '11 Main Street',
    '#4',
    'Salem',
    'MA',
    '01970',
    'US',
    'rye',
    'BCDFGH2',
  ],
  [
    'C2',
    'grace@example.com',
    'Grace',
    'Osei',
    '12 Main Street',
    '',
    'Salem',
    'MA',
    '01970',
    'US',
    'rye',
    'BCDFGH3',
  ],
  [
    'C3',
    'sofia@example.com',
    'Sofía',
    'Peña',
    '11 main st',
    'Apt 4',
    'Salem',
    'MA',
    '01970',
    'US',
    'rye',
    'BCDFGH4',
  ],
  ['C4', 'mei@example.com', 'Mei', 'Park', '', '', '', '', '', '', 'rye', 'BCDFGH6'],
  [
    'C5',
    'x@example.com',
    '#panic("x")',
    '=1+1',
    '9 Oak Avenue',
    '',
    'Bath',
    'ME',
    '4530',
    'US',
    'rye',
    'BCDFGH7',
  ],
];

export function csv(rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) =>
      row.map((cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(','),
    )
    .join('\n');
}

export const inputs = {
  customers: join(scratch, 'customers.csv'),
  suppressions: join(scratch, 'suppressions.csv'),
  addresses: join(scratch, 'addresses.csv'),
};
writeFileSync(inputs.customers, csv([CUSTOMER_COLUMNS, ...ROWS]));
writeFileSync(
  inputs.suppressions,
  'email,external_id,line1,line2,city,region,postal_code,country,reason\n' +
    'GRACE@example.com,,,,,,,,letter\n',
);
writeFileSync(
  inputs.addresses,
  'email,line1,line2,city,region,postal_code,country\n' +
    'MEI@example.com,7 Elm Court,,Troy,VT,05868,US\n',
);

export function card(
  index: number,
  { firstName, block, code }: { firstName: string; block: string[]; code: string },
  manifest: Record<string, string>,
): TestCard {
  return {
    front: ['Welcome,', `${firstName}!`, `Show ${code} in the shop`],
    back: block,
    qr: `https://bakery.example/c/${code}`,
    qrSize: 74,
    boxes: { Media: [0, 0, 450, 306], Bleed: [0, 0, 450, 306], Trim: [9, 9, 441, 297] },
    manifest: {
      piece_id: `piece-${index}`,
      mailpiece: `mailpiece-${index}`,
      file: 'cards.pdf',
      card: String(index),
      front_page: String(2 * index - 1),
      back_page: String(2 * index),
      line2: '',
      country: 'US',
      format: '4x6',
      mail_class: 'first_class',
      printed_at: '2026-03-01T12:00:00.000Z',
      ...manifest,
    },
  };
}

/** What a good printer makes of the input: three cards. */
export function cards(): [TestCard, TestCard, TestCard] {
  return [
    card(
      1,
      {
        firstName: 'Ann',
        block: ['Ann Griffin-Offley', '11 Main Street', '#4', 'Salem, MA  01970'],
        code: 'BCDFGH2',
      },
      {
        name: 'Ann Griffin-Offley',
        line1: '11 Main Street',
        line2: '#4',
        city: 'Salem',
        region: 'MA',
        postal_code: '01970',
      },
    ),
    card(
      2,
      { firstName: 'Mei', block: ['Mei Park', '7 Elm Court', 'Troy VT 05868'], code: 'BCDFGH6' },
      {
        name: 'Mei Park',
        line1: '7 Elm Court',
        city: 'Troy',
        region: 'VT',
        postal_code: '05868',
      },
    ),
    card(
      3,
      {
        firstName: '#panic("x")',
        block: ['#panic("x") =1+1', '9 Oak Avenue', 'Bath ME 04530'],
        code: 'BCDFGH7',
      },
      {
        name: '#panic("x") =1+1',
        line1: '9 Oak Avenue',
        city: 'Bath',
        region: 'ME',
        postal_code: '04530',
      },
    ),
  ];
}

let folders = 0;

/** Prints what `change` made of the good cards, and audits it. */
export async function auditOf(
  change: (cards: TestCard[]) => TestCard[] | void,
  options: { rows?: number; qr?: 'sample'; after?: (folder: string) => void } = {},
): Promise<AuditReport> {
  const good = cards();
  const changed = change(good) ?? good;
  const folder = join(scratch, String((folders += 1)));
  printPdf(folder, 'cards.pdf', changed);
  writeManifest(
    folder,
    changed.map((each) => each.manifest),
  );
  options.after?.(folder);
  const { rows = null, qr = 'all' } = options;
  return audit({ ...inputs, prints: folder, rows, qr, holdout: { percent: 0, salt: 'test' } });
}

export function found(report: AuditReport, what: RegExp): void {
  assert.equal(report.ok, false);
  assert.ok(
    report.problems.some((problem) => what.test(problem.what)),
    `not found: ${what}\n${JSON.stringify(report.problems, null, 1)}`,
  );
}
