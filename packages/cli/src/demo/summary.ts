/** The end of the demonstration: the funnel, where the cards are, and what to try next. */
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { terminalStates, type SyncReport } from '@postrider/core';
import { count, duration } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { programName } from './checkout.ts';
import type { Cli } from '../program/cli.ts';
import type { Funnel } from './funnel.ts';
import type { DemoPrinter } from './printers.ts';

/** `demo --json`: keys are only ever added. */
export interface DemoResult {
  /** Rows of the list that were read. */
  readonly rows: number;
  readonly recipients: number;
  /** People by state; states without anybody are left out. */
  readonly states: Readonly<Record<string, number>>;
  readonly invalid: number;
  /**
   * Rows whose id stood on an earlier row. rows = people of this run + invalid + repeated +
   * conflicting; recipients are those of earlier runs too.
   */
  readonly repeated: number;
  /** Rows whose id an earlier row gave to another person. */
  readonly conflicting: number;
  /** Cards of this campaign at the printer, and how many of them this run had it make. */
  readonly cards: number;
  readonly newCards: number;
  readonly seconds: number;
  readonly paths: { readonly prints: string; readonly manifest: string; readonly proofs: string };
}

export interface DemoRun {
  readonly report: SyncReport;
  readonly funnel: Funnel;
  readonly printer: DemoPrinter;
  /** What it keeps its cards in. */
  readonly folder: string;
  readonly cards: number;
  readonly newCards: number;
  readonly seconds: number;
}

export function resultOf(
  project: Project,
  { report, funnel, printer, folder, cards, newCards, seconds }: DemoRun,
): DemoResult {
  return {
    rows: report.fetched,
    recipients: funnel.recipients,
    states: Object.fromEntries(Object.entries(funnel.counts).filter(([, people]) => people > 0)),
    invalid: report.invalid,
    repeated: report.repeated,
    conflicting: report.conflicting,
    cards,
    newCards,
    seconds: Math.round(seconds * 100) / 100,
    paths: {
      prints: folder,
      manifest: join(folder, printer.manifest),
      proofs: project.proofsDirectory,
    },
  };
}

export interface SummaryParts {
  readonly reasons: readonly {
    readonly state: string;
    readonly reason: string;
    readonly people: number;
  }[];
  readonly examples: { readonly story: string | null; readonly turnedAway: string | null };
  readonly printer: DemoPrinter;
  /** Why cards are not received yet, where the printer tells. */
  readonly slowBecause: string | null;
  /** There is more of the list than was ever read. */
  readonly goOn: boolean;
}

export async function showSummary(cli: Cli, result: DemoResult, told: SummaryParts): Promise<void> {
  const { out } = cli;
  const here = (path: string): string => {
    const short = relative(process.cwd(), path);
    return short.startsWith('..') ? path : short;
  };
  out.print();
  const people = result.rows - result.invalid - result.repeated - result.conflicting;
  const earlier =
    result.recipients > people
      ? `; with earlier runs ${count(result.recipients, 'recipient')} in all`
      : '';
  out.print(
    `${out.paint('bold', count(result.rows, 'row'))} of the list: ` +
      `${count(people, 'recipient')}, ${result.invalid} unusable, ` +
      `${result.repeated} repeated, ${result.conflicting} conflicting${earlier}\n`,
  );
  const room = 34;
  for (const state of terminalStates) {
    const people = result.states[state] ?? 0;
    if (people === 0) continue;
    const bar = '━'.repeat(
      Math.max(1, Math.round((people / Math.max(1, result.recipients)) * room)),
    );
    const reasons = told.reasons
      .filter((row) => row.state === state && row.reason !== state)
      .map((row) => `${row.reason}${state === 'received' ? ' confidence' : ''} ${row.people}`);
    const color = state === 'received' ? 'green' : state === 'error' ? 'red' : 'cyan';
    const line = [
      `  ${state.padEnd(12)} ${people.toLocaleString('en-US').padStart(6)}`,
      out.paint(color, bar.padEnd(room)),
      out.paint('dim', reasons.join(', ')),
    ];
    out.print(line.join('  ').trimEnd());
  }
  const onTheirWay = result.states['sent'] ?? 0;
  const printed =
    onTheirWay > 0
      ? `${out.paint('green', `${count(onTheirWay, 'card is', 'cards are')} on the way`)}, ` +
        `and not received yet: ${told.slowBecause ?? 'postrider run follows them'}.`
      : result.newCards === 0
        ? `${out.paint('green', 'Nothing new:')} all of these people were mailed before, ` +
          'and no card was printed twice.'
        : `${out.paint('green', `${count(result.newCards, 'card')} printed`)} and followed to ` +
          `the letterbox in ${duration(result.seconds * 1000)}` +
          (result.cards === result.newCards ? '.' : `; ${count(result.cards, 'card')} in all.`);
  out.print(`\n${printed}\n`);
  const all = await printedFiles(result.paths.prints);
  if (all !== null) out.print(`  cards     ${here(join(result.paths.prints, all))}`);
  out.print(`  manifest  ${here(result.paths.manifest)}`);
  out.print(`  proofs    ${here(result.paths.proofs)}`);
  const program = programName();
  out.print(
    out.paint(
      'dim',
      '\nThe campaign is on hold now: nothing more of it is mailed before the next ' +
        'demonstration, or a release.',
    ),
  );
  const lines: (readonly [string, string])[] = [
    ...(told.examples.story === null
      ? []
      : [[`${program} trace ${told.examples.story}`, 'the whole story of one card'] as const]),
    [`${program} sql "select * from postrider.stuck"`, 'who does not move: nobody'],
    ...(told.examples.turnedAway === null
      ? []
      : [[`${program} why ${told.examples.turnedAway}`, 'why somebody got no card'] as const]),
    ...(told.goOn
      ? [[`${program} ${told.printer.command} --all`, 'goes on with the rest of the list'] as const]
      : []),
  ];
  const width = Math.max(...lines.map(([line]) => line.length));
  out.print(`\n${out.paint('bold', 'Try next')}`);
  for (const [line, remark] of lines)
    out.print(`  ${line.padEnd(width)}  ${out.paint('dim', `# ${remark}`)}`);
}

/** PDFs of cards, in a few words; null where a printer leaves none behind. */
async function printedFiles(folder: string): Promise<string | null> {
  const files = (await readdir(folder).catch(() => []))
    .filter((name) => /^cards-\d+\.pdf$/.test(name))
    .toSorted();
  if (files.length <= 1) return files[0] ?? null;
  return `cards-*.pdf (${files.length} files)`;
}
