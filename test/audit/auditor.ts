/**
 * The independent judge of a mailing.
 *
 * It reads the input files, the PDFs and the manifest: what a mail house holds in its hands, and
 * what the customer handed over. It does not read the database and shares no code with the
 * pipeline, so it can only be satisfied by cards that are really there. It proves: one card for
 * each person who is to get one, none for anybody else, none twice, and on each the right name,
 * address and code.
 *
 *   tsx test/audit/auditor.ts --customers customers.csv --suppressions suppressions.csv
 *     --addresses addresses.csv --prints <folder> [--rows 300] [--qr all|sample]
 *     [--holdout-percent 10] [--holdout-salt bakery-welcome-2026] [--json]
 *
 * Exit codes: 0 all is well, 1 problems were found, 2 it cannot tell (wrong use, a file that cannot
 * be read).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkBoxes, checkQr, checkTexts, readSheet, type CardRules, type Sheet } from './card.ts';
import type { Holdout } from './household-key.ts';
import { judge, type Verdict } from './oracle.ts';
import { openPdf, type PdfDocument } from './pdf.ts';
import { readPrints, type ManifestLine, type Prints } from './prints.ts';
import { codesIn } from './text.ts';

export interface AuditInput {
  /** Paths. */
  readonly customers: string;
  readonly suppressions: string;
  readonly addresses: string;
  /** The folder with the PDFs and manifests, at any depth. */
  readonly prints: string;
  /** Only so many data rows of the audience were mailed; null for all. */
  readonly rows?: number | null;
  /**
   * Reading a QR code costs a hundred times as much as reading a page: `sample` reads each tenth.
   */
  readonly qr?: 'all' | 'sample';
  /** As in the campaign file. */
  readonly holdout?: Holdout;
}

export interface Problem {
  /** File and number of the card in it. */
  readonly card?: string;
  /** Line of the audience's file. */
  readonly row?: number;
  readonly what: string;
}

export interface AuditReport {
  readonly ok: boolean;
  /** Cards in the PDFs that the manifest names. */
  readonly cards: number;
  /** QR codes that were read. */
  readonly codes: number;
  readonly problems: readonly Problem[];
}

export const BAKERY_HOLDOUT: Holdout = { percent: 10, salt: 'bakery-welcome-2026' };
const CARDS_PER_PDF = 500;
const RULES: CardRules = {
  format: '4x6',
  mailClass: 'first_class',
  codeUrl: 'https://bakery.example/c/',
  nameless: 'Current Resident',
  unnamed: 'neighbor',
};

/**
 * Throws where an input file or the folder cannot be read; everything else that is wrong is a
 * problem in the report.
 */
export async function audit(input: AuditInput): Promise<AuditReport> {
  const problems: Problem[] = [];
  const rows = input.rows ?? null;
  const files = {
    customers: readFileSync(input.customers, 'utf8'),
    suppressions: readFileSync(input.suppressions, 'utf8'),
    addresses: readFileSync(input.addresses, 'utf8'),
    holdout: input.holdout ?? BAKERY_HOLDOUT,
  };
  const verdicts = judge({ ...files, rows });
  const byCode = new Map<string, Verdict>();
  for (const verdict of verdicts)
    if (verdict.promoCode !== '') byCode.set(verdict.promoCode, verdict);
  // Of the rest of the file nobody may have a card yet; known all the same, so that the problem can
  // name the row.
  for (const verdict of rows === null ? [] : judge({ ...files, rows: null }).slice(rows)) {
    if (verdict.promoCode !== '')
      byCode.set(verdict.promoCode, {
        ...verdict,
        card: false,
        reason: `not among the first ${rows}`,
      });
  }

  const prints = readPrints(input.prints, (what) => problems.push({ what }));
  unique(prints.lines, problems);
  const printed = new Map<Verdict, string>();
  let codes = 0;
  for (const pdf of new Set([...prints.pdfs, ...prints.lines.map((line) => line.pdf)])) {
    const lines = prints.lines.filter((line) => line.pdf === pdf);
    let document: PdfDocument;
    try {
      document = await openPdf(readFileSync(pdf));
    } catch (error) {
      problems.push({
        what:
          `${prints.name(pdf)} cannot be read ` +
          `(${error instanceof Error ? error.message : String(error)}); ` +
          `the manifest has ${lines.length} cards in it`,
      });
      continue;
    }
    try {
      const sheets = Array.from({ length: document.pageCount }, (_, index) =>
        document.withPage(index + 1, readSheet),
      );
      problems.push(...checkSheets(sheets, pdf, lines, prints));
      for (const [index, line] of lines.entries()) {
        const [front, back] = [sheets[line.frontPage - 1], sheets[line.backPage - 1]];
        if (front === undefined || back === undefined) {
          problems.push({
            card: line.card,
            what:
              `the manifest names pages ` +
              `${line.frontPage} and ${line.backPage} of ${sheets.length}`,
          });
          continue;
        }
        const verdict = whose(front, line, byCode, problems);
        if (verdict === null) continue;
        const before = printed.get(verdict);
        const place = { card: line.card, row: verdict.row };
        if (before !== undefined)
          problems.push({
            ...place,
            what: `a second card for ${verdict.customerId}; the first is ${before}`,
          });
        printed.set(verdict, before ?? line.card);
        if (!verdict.card)
          problems.push({
            ...place,
            what:
              `a card for ${verdict.customerId}, who must not get one: ` +
              `${verdict.ends} (${verdict.reason})`,
          });
        const wrong = checkTexts({ front, back }, line, verdict, RULES);
        if (input.qr !== 'sample' || index % 10 === 0 || index === lines.length - 1) {
          codes += 1;
          wrong.push(...document.withPage(line.backPage, (page) => checkQr(page, verdict, RULES)));
        }
        problems.push(...wrong.map((what) => ({ ...place, what })));
      }
    } finally {
      document.close();
    }
  }
  for (const verdict of verdicts) {
    if (verdict.card && !printed.has(verdict))
      problems.push({
        row: verdict.row,
        what: `no card for ${verdict.customerId}, who is to get one`,
      });
  }
  return { ok: problems.length === 0, cards: prints.lines.length, codes, problems };
}

function unique(lines: readonly ManifestLine[], problems: Problem[]): void {
  for (const column of ['piece_id', 'mailpiece']) {
    const seen = new Map<string, string>();
    for (const { card, cells } of lines) {
      const value = cells[column] ?? '';
      const before = seen.get(value);
      if (value === '') problems.push({ card, what: `the manifest has no ${column}` });
      else if (before !== undefined)
        problems.push({ card, what: `the ${column} ${value} is also that of ${before}` });
      seen.set(value, card);
    }
  }
}

/** The sheets of a PDF: each belongs to one card, and has the boxes that the guillotine needs. */
function checkSheets(
  sheets: readonly Sheet[],
  pdf: string,
  lines: readonly ManifestLine[],
  prints: Prints,
): Problem[] {
  const problems: Problem[] = [];
  const name = prints.name(pdf);
  if (sheets.length > 2 * CARDS_PER_PDF)
    problems.push({ what: `${name} has ${sheets.length / 2} cards, more than ${CARDS_PER_PDF}` });
  const owner = new Map<number, string>();
  for (const line of lines) {
    if (line.backPage !== line.frontPage + 1)
      problems.push({
        card: line.card,
        what: 'the back does not follow the front: they would not be one sheet',
      });
    for (const page of [line.frontPage, line.backPage]) {
      const other = owner.get(page);
      if (other !== undefined)
        problems.push({ card: line.card, what: `page ${page} is also that of ${other}` });
      owner.set(page, line.card);
    }
  }
  for (const [index, sheet] of sheets.entries()) {
    const page = index + 1;
    const card = owner.get(page);
    if (card === undefined)
      problems.push({ what: `${name} page ${page} is on no line of the manifest` });
    const wrong = checkBoxes(sheet);
    if (wrong !== null)
      problems.push({
        ...(card === undefined ? {} : { card }),
        what: `${name} page ${page}: ${wrong}`,
      });
  }
  return problems;
}

/** Whose card it is, by the code on its front; null where nobody can tell. */
function whose(
  front: Sheet,
  line: ManifestLine,
  byCode: ReadonlyMap<string, Verdict>,
  problems: Problem[],
): Verdict | null {
  const [first = ''] = byCode.keys();
  const found = codesIn(front.text, byCode, first.length);
  const verdict = byCode.get(found[0] ?? '');
  if (found.length === 1 && verdict !== undefined) return verdict;
  problems.push({
    card: line.card,
    what:
      found.length === 0
        ? 'the front has no promo code of any row'
        : `the front has the promo codes of several rows: ${found.join(', ')}`,
  });
  return null;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      customers: { type: 'string' },
      suppressions: { type: 'string' },
      addresses: { type: 'string' },
      prints: { type: 'string' },
      rows: { type: 'string' },
      qr: { type: 'string', default: 'all' },
      'holdout-percent': { type: 'string', default: String(BAKERY_HOLDOUT.percent) },
      'holdout-salt': { type: 'string', default: BAKERY_HOLDOUT.salt },
      json: { type: 'boolean', default: false },
    },
  });
  const { customers, suppressions, addresses, prints, qr } = values;
  const rows = values.rows === undefined ? null : Number(values.rows);
  if (
    customers === undefined ||
    suppressions === undefined ||
    addresses === undefined ||
    prints === undefined
  ) {
    throw new Error('--customers, --suppressions, --addresses and --prints are needed');
  }
  if (qr !== 'all' && qr !== 'sample') throw new Error(`--qr is all or sample, not ${qr}`);
  if (rows !== null && !(Number.isInteger(rows) && rows >= 0))
    throw new Error(`--rows is a whole number, not ${values.rows}`);
  const holdout = { percent: Number(values['holdout-percent']), salt: values['holdout-salt'] };
  if (!(holdout.percent >= 0 && holdout.percent <= 100))
    throw new Error(`--holdout-percent is 0 to 100, not ${values['holdout-percent']}`);

  const report = await audit({ customers, suppressions, addresses, prints, rows, qr, holdout });
  if (values.json) console.log(JSON.stringify(report));
  else {
    for (const { card, row, what } of report.problems)
      console.log(
        [card, row === undefined ? undefined : `row ${row}`, what].filter(Boolean).join(': '),
      );
    console.log(
      `${report.cards} cards, ${report.codes} QR codes read, ` +
        `${report.ok ? 'no problem' : `${report.problems.length} problems`}`,
    );
  }
  return report.ok ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main().catch((error: unknown) => {
    console.error(
      `the audit could not be made: ${error instanceof Error ? error.message : String(error)}`,
    );
    return 2;
  });
}
