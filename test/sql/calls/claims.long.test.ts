/**
 * An actor that a function claims is claimed until it returns, and no longer. The function that
 * claims is thin: who reads it sees at one look that the claim is given back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweepClaims } from './claims.ts';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

/** Functions that cannot go through. */
const never: Readonly<Record<string, string>> = {
  fail: 'it raises errors',
  fail_amend: 'it raises errors',
  refuse_hold: 'it raises errors',
  refuse_moves: 'it raises errors',
  require_list_read: 'it raises errors',
  attach_partition: 'a part of mend_event_partitions: a month that was detached before',
  detach_partition: 'a part of mend_event_partitions: it fills a table that is made for it',
  put_strays_back:
    'a part of making and mending partitions: it empties a table that is made for it',
};

void test('a call of any function leaves the actor claimed that it found, also when it is refused', async () => {
  const { kept, refused } = await sweepClaims(rig);
  assert.deepEqual(kept, []);
  assert.deepEqual(
    refused.toSorted(),
    Object.keys(never).toSorted(),
    'no call of these goes through: arrange one in arranged-calls.ts',
  );
});

/** Lines between a claim and its giving back: checks, and a call of the function that does it. */
const MOST = 12;

interface Claiming {
  readonly name: string;
  readonly between: number;
}

/** The functions that claim an actor, with the lines from the claim until it is given back. */
function claimingAmong(functions: readonly { name: string; body: string }[]): Claiming[] {
  return functions.flatMap(({ name, body }) => {
    const lines = body.split('\n');
    const claims = lines.findIndex((line) => /\bact_as\(/.test(line));
    if (claims < 0) return [];
    const last = lines.findLastIndex((line) => /\bact_as\(v_before\)/.test(line));
    return [{ name, between: last < claims ? Infinity : last - claims - 1 }];
  });
}

function tooLong(claiming: readonly Claiming[]): string[] {
  return claiming
    .filter(({ between }) => between > MOST)
    .map(({ name, between }) => `${name}: ${between} lines`);
}

void test('a function that claims an actor leaves the work to one that does not', async () => {
  const functions = await rig.sql<{ name: string; body: string }[]>`
    select proname as name, prosrc as body
    from pg_proc
    where pronamespace = 'postrider'::regnamespace and proname <> 'act_as'`;
  const claiming = claimingAmong(functions);
  assert.ok(claiming.length > 25, `${claiming.length} functions claim`);
  assert.deepEqual(tooLong(claiming), []);
});

void test('a claim that is kept too long, or never given back, is told', () => {
  const claim = "  v_before text := postrider.act_as('op');\n";
  const giveBack = '  perform postrider.act_as(v_before);\n';
  const planted = [
    { name: 'thin', body: `${claim}${'  null;\n'.repeat(MOST)}${giveBack}` },
    { name: 'thick', body: `${claim}${'  null;\n'.repeat(MOST + 1)}${giveBack}` },
    { name: 'keeps', body: `${claim}  return 1;\n` },
    { name: 'none', body: '  return 1;\n' },
  ];
  assert.deepEqual(tooLong(claimingAmong(planted)), [
    `thick: ${MOST + 1} lines`,
    'keeps: Infinity lines',
  ]);
});
