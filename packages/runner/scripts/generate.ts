/**
 * Generates the tables of docs/reference/metrics.md from the list of metrics. `--check` writes
 * nothing and exits 1 where the page is not in step.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsOfDatabase, metricsOfRunner } from '../src/http/metric-list.ts';

const PAGE = 'docs/reference/metrics.md';
const FROM = 'packages/runner/src/http/metric-list.ts';

type List = Readonly<Record<string, readonly [string, string, string]>>;

function table(list: List): string {
  const rows = Object.entries(list).map(([name, [type, labels, help]]) => {
    const shown = labels
      .split(' ')
      .filter(Boolean)
      .map((label) => `\`${label}\``);
    return `| \`${name}\` | ${type} | ${shown.join(', ')} | ${help} |`;
  });
  return ['| metric | type | labels | |', '|---|---|---|---|', ...rows].join('\n');
}

/** The page, with what stands between the marks of this name made anew. */
function withTable(page: string, name: string, list: List): string {
  const [begin, end] = [`<!-- ${name}: generated from ${FROM} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${PAGE} has no marks of ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${table(list)}\n\n${page.slice(to)}`;
}

const path = join(import.meta.dirname, '../../..', PAGE);
const before = readFileSync(path, 'utf8');
const after = withTable(
  withTable(before, 'the database', metricsOfDatabase),
  'a runner',
  metricsOfRunner,
);
if (after !== before) {
  if (process.argv.includes('--check')) {
    console.error(`${PAGE} is not in step with ${FROM}: run \`npm run generate\``);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
    console.error(`wrote ${PAGE}`);
  }
}
