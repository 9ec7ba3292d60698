/**
 * The statements of a how-to, as they stand in the fenced blocks of its pages. A marker before a
 * block names it:
 *
 *     <!-- fault: jobs-deleted step: find -->
 *     <!-- fault: jobs-deleted step: mend as: owner -->
 *
 * and a ```text block right after it, where there is one, shows what psql answers.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Documented {
  readonly fault: string;
  readonly step: string;
  /** Who may run it. */
  readonly as: 'operator' | 'owner';
  readonly statement: string;
  readonly sample: string | null;
  readonly path: string;
  readonly line: number;
}

export interface Page {
  readonly path: string;
  readonly text: string;
  readonly steps: readonly Documented[];
  /** Lines at which a ```sql block begins that no marker names. */
  readonly unnamed: readonly number[];
}

const BLOCK =
  /^(?:<!-- fault: (?<fault>[\w-]+) step: (?<step>[\w-]+)(?: as: (?<as>operator|owner))? -->\n)?```sql\n(?<statement>[\s\S]*?)\n```(?:\n\n?```text\n(?:(?<sample>[\s\S]*?)\n)??```)?/gm;

function readPage(path: string): Page {
  const text = readFileSync(path, 'utf8');
  const steps: Documented[] = [];
  const unnamed: number[] = [];
  for (const block of text.matchAll(BLOCK)) {
    const { fault, step, as, statement = '', sample } = block.groups ?? {};
    const line = text.slice(0, block.index).split('\n').length;
    if (fault === undefined || step === undefined) unnamed.push(line);
    else
      steps.push({
        fault,
        step,
        as: as === 'owner' ? 'owner' : 'operator',
        statement,
        sample: block[0].includes('\n```text\n') ? (sample ?? '') : null,
        path,
        line,
      });
  }
  return { path, text, steps, unnamed };
}

/** The pages of a how-to: every Markdown file of its folder. */
export function readPages(folder: string): readonly Page[] {
  return globSync('**/*.md', { cwd: folder })
    .toSorted()
    .map((name) => readPage(join(folder, name)));
}

/** What a server answers, as text; null is empty, as psql shows it. */
export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function ruler(line: string): boolean {
  return /^[-+]+$/.test(line);
}

/** Reads psql's aligned or expanded output. */
export function readSample(sample: string): Answer {
  const lines = sample.split('\n').filter((line) => !/^\(\d+ rows?\)$/.test(line.trim()));
  if (lines[0]?.startsWith('-[ RECORD') === true) {
    const rows: Map<string, string>[] = [];
    for (const line of lines) {
      if (line.startsWith('-[ RECORD')) rows.push(new Map());
      else {
        const at = line.indexOf('|');
        rows.at(-1)?.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
      }
    }
    return { columns: [...(rows[0]?.keys() ?? [])], rows: rows.map((row) => [...row.values()]) };
  }
  const cells = (line: string): string[] => line.split(/\s\|(?:\s|$)/).map((cell) => cell.trim());
  const [head = '', ...rest] = lines.filter((line) => !ruler(line.trim()));
  return { columns: cells(head), rows: rest.map(cells) };
}

/** Puts answers, as psql shows them, into the ```text blocks after their statements. */
export function writeSamples(path: string, shownBy: ReadonlyMap<string, string>): void {
  const text = readFileSync(path, 'utf8').replaceAll(
    BLOCK,
    (block: string, fault?: string, step?: string) => {
      const sample = shownBy.get(`${fault}/${step}`);
      return sample === undefined
        ? block
        : block.replace(/\n```text\n[\s\S]*```$/, () => `\n\`\`\`text\n${sample}\n\`\`\``);
    },
  );
  writeFileSync(path, text);
}

/** What differs from run to run is taken out: ids, references, times and numbers. */
export function masked({ columns, rows }: Answer): Answer {
  return {
    columns,
    rows: rows.map((row) =>
      row.map((cell) =>
        cell
          .replaceAll(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/g, 'ID')
          .replaceAll(/\b[2-9A-HK]{10}\b/g, 'REFERENCE')
          .replaceAll(/\d+/g, 'N')
          .replaceAll(/(?<=N:N:N(?:\.N)?)[+-]N(?::N)?/g, '+N')
          .replaceAll(/(?<=N:N:N)\.N/g, '')
          .replaceAll(/\s+/g, ' ')
          .trim(),
      ),
    ),
  };
}

/** An answer as psql shows it: to be pasted into the document. */
export function shown({ columns, rows: exact }: Answer): string {
  const rows = exact.map((row) =>
    row.map((cell) => cell.replaceAll(/(?<=\d\d:\d\d:\d\d)\.\d+/g, '')),
  );
  const widths = columns.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  if (widths.reduce((sum, width) => sum + width + 3, 0) > 150) {
    const width = Math.max(...columns.map((name) => name.length));
    return rows
      .map((row, i) =>
        [
          `-[ RECORD ${i + 1} ]-`,
          ...columns.map((name, c) => `${name.padEnd(width)} | ${row[c] ?? ''}`.trimEnd()),
        ].join('\n'),
      )
      .join('\n');
  }
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => ` ${cell.padEnd(widths[i] ?? 0)} `)
      .join('|')
      .trimEnd();
  return [
    line(columns),
    widths.map((width) => '-'.repeat(width + 2)).join('+'),
    ...rows.map(line),
    `(${rows.length} row${rows.length === 1 ? '' : 's'})`,
  ].join('\n');
}
