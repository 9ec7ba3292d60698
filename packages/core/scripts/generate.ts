/**
 * Generates what follows from sql/machine/ (the TypeScript unions and the state diagram), the table
 * of a pipeline's settings, and the countries with what their post takes. `--check` writes nothing,
 * and exits 1 where a file is not in step.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { settingsSchema } from '../src/runtime/settings.ts';
import { countriesJson, countriesSql, readCountries } from './countries.ts';

const root = join(import.meta.dirname, '../../..');
function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/**
 * The rows of the one VALUES list in a file of sql/machine: tuples of quoted strings, numbers,
 * booleans and null.
 */
function tuples(path: string, from = ''): string[][] {
  const text = read(path)
    .slice(from === '' ? 0 : read(path).indexOf(from))
    .replace(/^\s*--.*$/gm, '')
    // SQL reads literals on lines that follow each other as one.
    .replaceAll(/'[ ]*\n\s*'/g, '');
  return [
    ...text.matchAll(
      /^ {2}\(((?:'(?:[^']|'')*'|null|\d+|true|false)(?:,\s+(?:'(?:[^']|'')*'|null|\d+|true|false))+)\),?$/gm,
    ),
  ].map((row) =>
    [...(row[1] ?? '').matchAll(/'((?:[^']|'')*)'|null|\d+|true|false/g)].map(
      (cell) => cell[1]?.replaceAll("''", "'") ?? cell[0],
    ),
  );
}

const statuses = tuples('sql/machine/states.sql', 'merge into postrider.mailpiece_status');
const states = tuples('sql/machine/states.sql').slice(0, -statuses.length);
const transitions = tuples('sql/machine/transitions.sql').map(([from, to, actors, why]) => ({
  from: from === 'null' ? null : (from ?? ''),
  to: to ?? '',
  actors: (actors ?? '').split(','),
  why: why ?? '',
}));
const reasons = tuples('sql/machine/reasons.sql');

function union(name: string, doc: string, values: string[]): string {
  const lines = values.map((value) => `  | '${value}'`).join('\n');
  return `/** ${doc} */\nexport type ${name} =\n${lines};\n`;
}

function types(): string {
  return [
    '// Generated from sql/machine/ by `npm run generate`. Do not edit.\n',
    union(
      'RecipientState',
      'Where a recipient is.',
      states.map((row) => row[0] ?? ''),
    ),
    union(
      'MailpieceState',
      'Where a mailpiece is.',
      statuses.map((row) => row[0] ?? ''),
    ),
    union('Actor', 'Who moves recipients.', ['sync', 'enrich', 'proof', 'mail', 'track', 'op']),
    union(
      'Reason',
      'Why somebody is where they are.',
      reasons.map((row) => row[0] ?? ''),
    ),
    'export interface Transition {\n  /** Null: a new recipient. */\n' +
      '  readonly from: RecipientState | null;\n  readonly to: RecipientState;\n' +
      '  readonly actors: readonly Actor[];\n  readonly why: string;\n}\n',
    `export const states: readonly RecipientState[] = [\n` +
      `${states.map((row) => `  '${row[0]}',`).join('\n')}\n];\n`,
    `export const terminalStates: ReadonlySet<RecipientState> = new Set<RecipientState>([\n${states
      .filter((row) => row[2] === 'terminal')
      .map((row) => `  '${row[0]}',`)
      .join('\n')}\n]);\n`,
    `export const transitions: readonly Transition[] = [\n${transitions
      .map(
        (t) =>
          `  { from: ${t.from === null ? 'null' : `'${t.from}'`}, to: '${t.to}', ` +
          `actors: [${t.actors.map((a) => `'${a}'`).join(', ')}], why: ${JSON.stringify(t.why)} },`,
      )
      .join('\n')}\n];\n`,
  ].join('\n');
}

function diagram(): string {
  const arrows = transitions.map((t) => `  ${t.from ?? '[*]'} --> ${t.to}: ${t.actors.join(', ')}`);
  const ends = states.filter((row) => row[2] === 'terminal').map((row) => `  ${row[0]} --> [*]`);
  return [
    '<!-- Generated from sql/machine/ by `npm run generate`. Do not edit. -->',
    '# The state machine',
    '',
    'Every legal move of a recipient, by whom. Anything else is refused by the database. `op` is an operator. The same in psql: `select * from postrider.transition`.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...arrows,
    ...ends,
    '```',
    '',
    '## States',
    '',
    '| state | kind | stage | meaning |',
    '|---|---|---|---|',
    ...states.map(
      (row) => `| \`${row[0]}\` | ${row[2]} | ${row[3] === 'null' ? '' : row[3]} | ${row[4]} |`,
    ),
    '',
    '## Moves',
    '',
    '| from | to | by | why |',
    '|---|---|---|---|',
    ...transitions.map(
      (t) =>
        `| ${t.from === null ? '(new)' : `\`${t.from}\``} | \`${t.to}\` | ` +
        `${t.actors.join(', ')} | ${t.why} |`,
    ),
    '',
    '## Reasons',
    '',
    '| reason | sentence |',
    '|---|---|',
    ...reasons.map((row) => `| \`${row[0]}\` | ${row[1]} |`),
    '',
    '## Statuses of a mailpiece',
    '',
    'The highest rank among its events wins, whatever the order in which they come. `event`: as what an event sink hears of it.',
    '',
    '| status | rank | open | event | meaning |',
    '|---|---|---|---|---|',
    ...statuses.map(
      (row) =>
        `| \`${row[0]}\` | ${row[1]} | ${row[2] === 'true' ? 'yes' : 'no'} | ` +
        `${row[3] === 'null' ? '' : row[3]} | ${row[4]} |`,
    ),
    '',
  ].join('\n');
}

/** `, 1 to 50`, of a setting that is a number. */
function boundsOf(field: z.ZodType): string {
  const schema = z.toJSONSchema(field, { io: 'input' });
  const number = [schema, ...(schema.anyOf ?? [])].find(
    (one) => typeof one === 'object' && one.minimum !== undefined,
  );
  return number === undefined ? '' : `, ${number.minimum} to ${number.maximum}`;
}

/** The page, with the part between the marks made anew. */
function withSettings(page: string): string {
  const [begin, end] = [
    '<!-- Generated from packages/core/src/runtime/settings.ts by `npm run generate`. -->\n',
    '<!-- End of what is generated. -->',
  ];
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(end, from);
  if (from < begin.length || to < 0) throw new Error('the page has no marks of what is generated');
  const rows = Object.entries(settingsSchema.shape).map(([name, field]) => {
    const { unit, shown, description } = field.meta() ?? {};
    if (typeof unit !== 'string' || description === undefined)
      throw new Error(`the setting ${name} has no unit or no description`);
    const fallback = typeof shown === 'string' ? shown : String(field.parse(undefined));
    return `| \`${name}\` | ${unit}${boundsOf(field)} | ${fallback} | ${description} |\n`;
  });
  const head = '| setting | unit | default | what |\n|---|---|---|---|\n';
  return `${page.slice(0, from)}\n${head}${rows.join('')}\n${page.slice(to)}`;
}

const countries = readCountries();
const outputs: Record<string, string> = {
  'packages/core/src/ports/countries/countries.generated.json': countriesJson(countries),
  'sql/machine/countries.generated.sql': countriesSql(countries),
  'packages/core/src/machine/states.generated.ts': types(),
  'docs/reference/state-machine.md': diagram(),
  'docs/reference/library.md': withSettings(read('docs/reference/library.md')),
};

const check = process.argv.includes('--check');
let stale = 0;
for (const [path, text] of Object.entries(outputs)) {
  const now = existsSync(join(root, path)) ? read(path) : '';
  if (now === text) continue;
  if (check) {
    console.error(
      `${path} is not in step with what it is generated from: run \`npm run generate\``,
    );
    stale += 1;
  } else {
    writeFileSync(join(root, path), text);
    console.error(`wrote ${path}`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
