/** What waits, and for what: a hold is named where it is what keeps people, and nowhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, release } from '@postrider/core';
import { people, syncPeople } from '../support/machine.ts';
import { accepted, answered, place, proofed, sending, settle, sharedMachine } from './rig.ts';

const rig = sharedMachine();

void test('who is held waits for the release, with its reason; cards on their way and people in error do not', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const o = at.organizationId;
  const batch = await sending(sql, at, 3);
  await settle(
    sql,
    at,
    { ...batch, pieces: batch.pieces.slice(0, 2) },
    batch.pieces.slice(0, 2).map((piece, i) => (i === 0 ? accepted(piece) : answered(piece, 'rejected'))),
    false,
  );
  await proofed(sql, at, people(1, 'q'));
  await syncPeople(sql, at, people(1, 'z'));
  const waits = async (): Promise<Record<string, string>> => {
    const rows = await sql<{ state: string; why: string }[]>`
      select w.state, w.why from postrider.what_waits() w join postrider.organization o on o.name = w.organization where o.id = ${o}`;
    return Object.fromEntries(rows.map((row) => [row.state, row.why]));
  };
  const free = await waits();
  assert.deepEqual(Object.keys(free).toSorted(), ['error', 'pending', 'proofed', 'sending', 'sent']);
  const others = (held: string, ...states: string[]) => ({ ...free, ...Object.fromEntries(states.map((state) => [state, held])) });
  await hold(sql, o, 'printer', 'press', 'out of paper');
  assert.deepEqual(await waits(), others('the printer is held: out of paper', 'proofed'));
  await hold(sql, o, 'campaign', at.campaignId, 'wrong price');
  assert.deepEqual(await waits(), others('the campaign is held: wrong price', 'pending', 'proofed'));
  await hold(sql, o, 'organization', o);
  assert.deepEqual(await waits(), others('the organization is held', 'pending', 'proofed'));
  await release(sql, o, 'organization', o);
  assert.deepEqual(await waits(), others('the campaign is held: wrong price', 'pending', 'proofed'));
});
