/**
 * The pages of docs/how-to/debug-with-psql/, tried: each fault is planted in a database of its own,
 * its statements are run as they stand, by psql where the machine has one and by the driver, as the
 * role that the page names; what they answer must be what the page shows, and afterwards people
 * must be where they should be.
 *
 * After a change of what is shown: POSTRIDER_WRITE_SAMPLES=1 bin/test
 * test/docs/debug-with-psql.test.ts, and read the diff.
 */
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { broken, freshMachine } from '../support/machine.ts';
import {
  masked,
  readPages,
  readSample,
  shown,
  writeSamples,
  type Answer,
  type Documented,
} from './documented.ts';
import { scenarios } from './faults/index.ts';
import { openOperatedPlace } from './operated-place.ts';
import { driver, psql, psqlFound, Refused, type Shell } from './shells.ts';
import { isLong } from '../support/long.ts';

const pages = readPages(join(import.meta.dirname, '../../docs/how-to/debug-with-psql'));
const documented = pages.flatMap((page) => page.steps);
const writes = process.env['POSTRIDER_WRITE_SAMPLES'] === '1';
const samples = new Map<string, string>();

function stepOf(fault: string, step: string): Documented {
  const found = documented.filter((one) => one.fault === fault && one.step === step);
  assert.equal(found.length, 1, `the pages have ${found.length} statements for ${fault}/${step}`);
  return found[0] as Documented;
}

function compare(one: Documented, answer: Answer): void {
  if (one.sample === null) return;
  samples.set(`${one.fault}/${one.step}`, shown(answer));
  if (writes) return;
  assert.deepEqual(
    masked(answer),
    masked(readSample(one.sample)),
    `${one.path}:${one.line} shows something else; it is now:\n${shown(answer)}\n`,
  );
}

/** The page shows the error without the CONTEXT that psql adds. */
function compareRefusal(one: Documented, error: Refused): void {
  samples.set(`${one.fault}/${one.step}`, error.shown.replace(/\nCONTEXT:[\s\S]*/, ''));
  if (writes) return;
  for (const line of one.sample?.split('\n') ?? [])
    assert.ok(
      error.shown.includes(line),
      `${one.path}:${one.line} shows "${line}"; it is now:\n${error.shown}\n`,
    );
}

const found = psqlFound();
// By both in the long form; in the short one the driver stands in where there is no psql, and shows
// with one fault that it says the same.
const both = isLong || writes;
function shellsFor(fault: string): readonly Shell[] {
  if (found === null) return [driver];
  return both || fault === 'by-hand' ? [driver, psql] : [psql];
}

void test('the statements are run by the driver, and by psql where there is one', (t) => {
  t.diagnostic(
    found === null
      ? 'there is no psql on this machine: the statements are run by the driver alone'
      : `the statements are run by ${found} too`,
  );
  assert.deepEqual(
    pages.flatMap(({ path, unnamed }) => unnamed.map((line) => `${path}:${line}`)),
    [],
    'an SQL block has no marker: no test runs it',
  );
  const promised = new Set(documented.map((one) => one.fault));
  assert.deepEqual(
    [...promised].filter((fault) => !(fault in scenarios)),
    [],
    'no scenario plants these faults',
  );
});

void test('every page has statements that are run, and the index leads to it', () => {
  const index = pages.find(({ path }) => basename(path) === 'README.md');
  assert.ok(index !== undefined);
  assert.deepEqual(
    pages.filter(({ steps }) => steps.length === 0).map(({ path }) => path),
    [],
    'no statement of these pages is run',
  );
  assert.deepEqual(
    pages
      .map(({ path }) => basename(path))
      .filter((name) => name !== 'README.md' && !index.text.includes(`](${name}`)),
    [],
    'the index does not lead to these pages',
  );
});

for (const [fault, play] of Object.entries(scenarios)) {
  for (const shell of shellsFor(fault)) {
    void test(`${fault}, by ${shell.name}`, async () => {
      await using machine = await freshMachine();
      await using operated = await openOperatedPlace(machine);
      const done = new Set<string>();
      const execute = async (
        step: string,
        variables: Readonly<Record<string, string>>,
      ): Promise<Answer> => {
        const one = stepOf(fault, step);
        // The page shows the first answer; a scenario may ask again to see the fault gone.
        const first = !done.has(step);
        done.add(step);
        try {
          const answer = operated.renamed(
            await shell.run(
              one.as === 'owner' ? operated.ownerUrl : operated.operatorUrl,
              one.statement,
              variables,
            ),
          );
          if (first) compare(one, answer);
          return answer;
        } catch (error) {
          if (error instanceof Refused && one.step === 'refused') compareRefusal(one, error);
          throw error;
        }
      };
      await play(operated, {
        async rows(step, variables = {}) {
          const { columns, rows } = await execute(step, variables);
          return rows.map((row) =>
            Object.fromEntries(columns.map((name, i) => [name, row[i] ?? ''])),
          );
        },
        async refusal(step, variables = {}) {
          try {
            await execute(step, variables);
          } catch (error) {
            if (error instanceof Refused) return error.shown;
            throw error;
          }
          return assert.fail('it was not refused');
        },
      });
      const unused = documented
        .filter((one) => one.fault === fault && !done.has(one.step))
        .map((one) => one.step);
      assert.deepEqual(unused, [], 'the scenario leaves out statements of the page');
      assert.deepEqual(await broken(operated.sql), []);
    });
  }
}

after(() => {
  if (writes) for (const { path } of pages) writeSamples(path, samples);
});
