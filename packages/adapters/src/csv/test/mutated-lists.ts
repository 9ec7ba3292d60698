/**
 * Lists with a few bytes changed: whatever they are, every row is accounted for once. It is a
 * member, or a reject, by its own line; or the file is refused as a whole. A row that is damaged
 * itself and stands in a quote that another change has opened cannot be known for one: where more
 * than one change was made, the rows that are whole count.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNamed, type AudienceSourceError } from '@postrider/core/ports';
import { createNdjsonAudience } from '../../ndjson/index.ts';
import { createCsvAudience } from '../audience.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll, type Read } from '../../../test/read.ts';

/** Numbers that are the same for the same seed. */
function chanceFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const header = 'customer_id,email,first_name,last_name,address1,address2,city,state,zip,note';
const notes = ['', 'called', '"likes ""rye"""', '"Dear Ann,\nhello"', 'café', '"x, y"', "'02138"];
const bytes = [
  ',',
  ',',
  '"',
  '"',
  '\n',
  '\r\n',
  '\r',
  '\0',
  '\xff',
  '\xef\xbb\xbf',
  ';',
  '\t',
  ' ',
];

function csvList(chance: (below: number) => number): string {
  const lineBreak = ['\n', '\r\n', '\r'][chance(3)] ?? '\n';
  const rows = Array.from({ length: 3 + chance(8) }, (_, n) => {
    const quoted = (text: string): string => (chance(3) === 0 ? `"${text}"` : text);
    return [
      `c${n}x`,
      quoted(`p${n}x@example.com`),
      quoted('Ann'),
      quoted('Ash'),
      quoted(`${n} Elm St`),
      '',
      'Boston',
      'MA',
      '02138',
      Buffer.from(notes[chance(notes.length)] ?? '').toString('latin1'),
    ].join(',');
  });
  return [header, ...rows].join(lineBreak) + (chance(2) === 0 ? lineBreak : '');
}

function jsonList(chance: (below: number) => number): string {
  const rows = Array.from({ length: 3 + chance(8) }, (_, n) =>
    JSON.stringify({ id: `c${n}x`, email: `p${n}x@example.com`, city: 'Boston', n: 9e15 + n }),
  );
  return rows.join(chance(2) === 0 ? '\n' : '\r\n');
}

function mutated(list: string, changes: number, chance: (below: number) => number): string {
  let text = list;
  for (let times = changes; times > 0; times--) {
    const at = chance(text.length + 1);
    const length = chance(4) === 0 ? chance(60) : 1;
    const [before, cut, rest] = [
      text.slice(0, at),
      text.slice(at, at + length),
      text.slice(at + length),
    ];
    switch (chance(5)) {
      case 0:
        text = before + rest;
        break;
      case 1:
        text = before + cut + cut + rest;
        break;
      case 2:
        text = before + String.fromCharCode(chance(256)) + rest;
        break;
      default:
        text = before + (bytes[chance(bytes.length)] ?? '') + cut + rest;
    }
  }
  return text;
}

/** People whose id and e-mail are there still, each with the lines on which the e-mail stands. */
function peopleIn(lines: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [index, line] of lines.entries())
    for (const [, n = ''] of line.matchAll(/p([0-9]+)x@example\.com/g)) {
      if (new RegExp(`\\bc${n}x\\b`).test(line)) found.set(n, [...(found.get(n) ?? []), index + 1]);
    }
  return found;
}

function check(
  { members, rejects }: Read,
  list: string,
  json: boolean,
  whole: ReadonlySet<string> | null,
): void {
  const lines = list.split(json ? '\n' : /\r\n|\n|\r/);
  const told = [...members, ...rejects].map(({ row }) => row ?? 0);
  assert.equal(new Set(told).size, told.length, 'each row is told once');
  for (const row of told) assert.notEqual(lines[row - 1] ?? '', '', `row ${row} is there`);
  const rows = new Set(told);
  const ids = new Set([...members, ...rejects].map(({ externalId }) => externalId));
  for (const [n, found] of peopleIn(lines)) {
    const at = found.filter((line) => whole === null || whole.has(lines[line - 1] ?? ''));
    const accounted =
      at.every((line) => rows.has(line) || (!json && line === 1)) || ids.has(`c${n}x`);
    assert.ok(accounted, `person ${n} of line ${at.join(', ')} is accounted for`);
  }
}

export async function tryMutatedLists(times: number, seed: number): Promise<void> {
  const folder = await temporaryFolder();
  for (let time = 0; time < times; time++) {
    const chance = chanceFrom(seed + time);
    const json = chance(4) === 0;
    const changes = 1 + chance(3);
    const original = json ? jsonList(chance) : csvList(chance);
    const list = mutated(original, changes, chance);
    const whole = changes === 1 ? null : new Set(original.split(/\r\n|\n|\r/));
    const path = json ? 'list.ndjson' : 'list.csv';
    await writeFile(join(folder, path), Buffer.from(list, 'latin1'));
    const create = json ? createNdjsonAudience : createCsvAudience;
    try {
      const read = await readAll(create({ path }, wiringAt(folder)));
      check(read, list, json, whole);
    } catch (error) {
      if (isNamed<AudienceSourceError>(error, 'AudienceSourceError')) continue;
      throw new Error(`seed ${seed + time}: ${JSON.stringify(list)}`, { cause: error });
    }
  }
}
