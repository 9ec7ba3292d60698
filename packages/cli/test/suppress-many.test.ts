import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { launched, people, syncPeople } from '../../../test/support/machine.ts';
import { cli, type CliRun } from './cli.ts';
import { ownPlace } from './places.ts';

describe('a do-not-mail list that stops many', () => {
  const at = ownPlace();

  it('asks before a list stops most of those who wait, and shows before whom it would stop', async () => {
    const { sql } = at.machine;
    const customers = people(60);
    await syncPeople(sql, await launched(sql), customers);
    const list = ['external_id', ...customers.map(({ externalId }) => externalId)].join('\n');
    const path = join(at.place.home, 'customers.csv');
    writeFileSync(path, list);
    const suppress = async (...args: string[]): Promise<CliRun> =>
      await cli(at.place, ['suppress', '--file', path, '--json', ...args]);
    const entries = async (): Promise<number> =>
      (await sql`select from postrider.suppression`).length;
    const waiting = async (): Promise<number> =>
      (await sql`select from postrider.recipients where state = 'pending'`).length;
    const before = [await waiting(), await entries()];

    const dry = await suppress('--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    assert.ok(Number(dry.json()[0]?.['stopped']) > 24);
    const refused = await suppress();
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(
      refused.stderr,
      /stops \d+ people of the \d+ of .* who are not at the printer yet/,
    );
    assert.deepEqual([await waiting(), await entries()], before, 'nothing was changed');

    const run = await suppress('--yes');
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.json()[0]?.['stopped'], dry.json()[0]?.['stopped']);
  });
});
