/**
 * What somebody sees while the demonstration runs: what is done, and below it the funnel, drawn in
 * place. Plain lines where nobody watches.
 */
import { duration } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { LiveLines } from '../output/live-lines.ts';

/** People by state, as the view has it. */
export type Counts = Readonly<Record<string, number>>;

/** The way of a card; what waits in a queue is shown with what it waits for. */
const way: readonly (readonly [title: string, states: readonly string[]])[] = [
  ['no address yet', ['address_enrichable', 'address_enriching']],
  ['pending', ['pending']],
  ['proofing', ['proofing_staged', 'proofing']],
  ['proofed', ['proofed']],
  ['sending', ['sending_staged', 'sending']],
  ['sent', ['sent']],
  ['received', ['received']],
];
const turnedAway = ['holdout', 'skipped', 'blacklisted'];
const PLAIN_EVERY_MS = 2000;

export class Progress {
  readonly #cli: Cli;
  readonly #live: LiveLines | null;
  #saidAt = 0;
  #said = '';

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#live = cli.out.live ? new LiveLines() : null;
  }

  title(text: string, more: string): void {
    const { out } = this.#cli;
    out.note(`${out.tint('bold', text)}\n${out.tint('dim', more)}\n`);
  }

  /** Something is done. */
  done(what: string, how: string, ms: number | null = null): void {
    const { out } = this.#cli;
    this.#live?.clear();
    const took = ms === null || ms < 50 ? '' : out.tint('dim', `  ${duration(ms)}`);
    out.note(`  ${out.tint('green', '✓')} ${what.padEnd(11)} ${how}${took}`);
  }

  /** Something is under way. */
  doing(what: string, how: string): void {
    const { out } = this.#cli;
    this.#live?.draw([`  ${out.tint('yellow', '…')} ${what.padEnd(11)} ${how}`]);
  }

  funnel(counts: Counts, remark: string | null): void {
    if (this.#live === null) this.#plain(counts, remark);
    else this.#live.draw(this.#picture(counts, remark, this.#live.columns));
  }

  /** Takes the funnel away: the summary shows it once more. */
  end(): void {
    this.#live?.clear();
  }

  #plain(counts: Counts, remark: string | null): void {
    const text = way
      .map(([title, states]) => [title, sum(counts, states)] as const)
      .filter(([title, n]) => n > 0 || title === 'received')
      .map(([title, n]) => `${title} ${n}`)
      .join(', ');
    const line = remark === null ? text : `${text} (${remark})`;
    if (line === this.#said || Date.now() - this.#saidAt < PLAIN_EVERY_MS) return;
    this.#said = line;
    this.#saidAt = Date.now();
    this.#cli.out.note(`    ${line}`);
  }

  #picture(counts: Counts, remark: string | null, columns: number): string[] {
    const { out } = this.#cli;
    const total = Math.max(1, sum(counts, Object.keys(counts)) - sum(counts, turnedAway));
    const room = Math.max(10, Math.min(50, columns - 32));
    const rows: (readonly [string, number])[] = way.map(([title, states]) => [
      title,
      sum(counts, states),
    ]);
    const errors = sum(counts, ['error', 'returned']);
    if (errors > 0) rows.push(['error', errors]);
    const lines = rows
      .filter(([title, n]) => title !== 'no address yet' || n > 0)
      .map(([title, n]) => {
        const filled = n === 0 ? 0 : Math.max(1, Math.round((n / total) * room));
        const color = title === 'received' ? 'green' : title === 'error' ? 'red' : 'cyan';
        return (
          `  ${title.padEnd(14)} ${out.tint(color, '━'.repeat(filled))}` +
          `${out.tint('dim', '─'.repeat(room - filled))} ` +
          `${n.toLocaleString('en-US').padStart(6)}`
        );
      });
    return [
      '',
      ...lines,
      remark === null ? '' : `  ${out.tint('dim', remark.slice(0, columns - 3))}`,
    ];
  }
}

export function sum(counts: Counts, states: readonly string[]): number {
  return states.reduce((total, state) => total + (counts[state] ?? 0), 0);
}
