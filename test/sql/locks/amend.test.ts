/**
 * amend against runners, each on connections of their own: what an amendment has answered to is
 * what is printed, once, and nobody waits for ever.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { amend } from '@postrider/core';
import { beginMail, type BegunPiece } from '../../../packages/core/src/machine/mail.ts';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import type { Place } from '../../support/machine.ts';
import {
  accepted,
  answered,
  firstOf,
  LEASE_MS,
  mailBegun,
  one,
  pidOf,
  pieces,
  place,
  proofAll,
  proofed,
  proofing,
  refused,
  rendered,
  resident,
  RUNNER,
  sending,
  settle,
  settleAll,
  sharedMachine,
  stage,
  staged,
  stageOne,
  statesOf,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();
const begun = { runnerId: RUNNER, leaseMs: LEASE_MS };
const fields = { line1: '77 New Road' };

/**
 * The first does its work in a transaction that stays open until the second waits for it; answers
 * what became of the second.
 */
async function behind<First, Second>(
  first: (sql: postgres.Sql) => Promise<First>,
  second: (sql: postgres.Sql) => Promise<Second>,
): Promise<{ first: First; second: Promise<Second> }> {
  const [early, late] = [rig.machine.connect(1), rig.machine.connect(1)];
  const pid = await pidOf(late);
  let waiting: Promise<Second> | undefined;
  const done = await early.begin(async (tx) => {
    const answer = await first(tx as unknown as postgres.Sql);
    waiting = second(late);
    waiting.catch(() => undefined);
    await waitsForLock(rig.sql, pid);
    return answer;
  });
  return { first: done as First, second: waiting ?? assert.fail() };
}

async function onlyId(at: Place): Promise<string> {
  return (await one(rig.sql, at)).id;
}

void test('a begin of mail that waits for an amendment does not print the old card', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const cohortId = await staged(sql, at, 'mail', 1);
  const id = await onlyId(at);
  const { second } = await behind(
    async (tx) => await amend(tx, id, fields),
    async (late) => await beginMail(late, { ...at, ...begun, cohortId }),
  );
  assert.deepEqual((await second)?.pieces ?? [], []);
  assert.deepEqual([await pieces(sql, at), (await one(sql, at)).state], [[], 'pending']);
});

void test('an amendment that waits for a begin of mail is refused', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const cohortId = await staged(sql, at, 'mail', 1);
  const id = await onlyId(at);
  const { first, second } = await behind(
    async (tx) => await beginMail(tx, { ...at, ...begun, cohortId }),
    async (late) => await amend(late, id, fields),
  );
  await refused('PR017', second, /the card is at the printer/);
  assert.equal(first?.pieces[0]?.request.to.address.line1, '1 p Street');
  assert.equal((await one(sql, at)).state, 'sending');
});

void test('a begin of proof that waits for an amendment renders the others, and the new card later', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const cohortId = await staged(sql, at, 'proof', 2);
  const { id } = await one(sql, at, 'p0');
  const { second } = await behind(
    async (tx) => await amend(tx, id, fields),
    async (late) => await beginProof(late, { ...at, ...begun, cohortId }),
  );
  assert.deepEqual(
    (await second)?.cards.map((card) => card.line1),
    ['2 p Street'],
  );
  const again = await beginProof(sql, {
    ...at,
    ...begun,
    cohortId: await stageOne(sql, at, 'proof'),
  });
  assert.deepEqual(
    again?.cards.map((card) => card.line1),
    ['77 New Road'],
  );
});

void test('an amendment that waits for a begin, or for the settling, of proof takes the person back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const cohortId = await staged(sql, at, 'proof', 1);
  const id = await onlyId(at);
  const { second } = await behind(
    async (tx) => await beginProof(tx, { ...at, ...begun, cohortId }),
    async (late) => await amend(late, id, fields),
  );
  assert.deepEqual([(await second).was, (await second).state], ['proofing', 'pending']);
  const results = [rendered(id)];
  assert.equal(await settleProof(sql, { ...at, cohortId, results, last: true }), 0);

  const other = await place(sql);
  const old = await proofing(sql, other);
  const who = await onlyId(other);
  const settled = await behind(
    async (tx) =>
      await settleProof(tx, { ...other, cohortId: old.id, results: [rendered(who)], last: true }),
    async (late) => await amend(late, who, fields),
  );
  assert.deepEqual([settled.first, (await settled.second).was], [1, 'proofed']);
  assert.equal((await sql`select from postrider.proof where recipient_id = ${who}`).length, 0);
});

void test('a settling of proof that waits for an amendment stores nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const old = await proofing(sql, at);
  const id = await onlyId(at);
  const { second } = await behind(
    async (tx) => await amend(tx, id, fields),
    async (late) =>
      await settleProof(late, { ...at, cohortId: old.id, results: [rendered(id)], last: true }),
  );
  assert.equal(await second, 0);
  assert.equal((await sql`select from postrider.proof where recipient_id = ${id}`).length, 0);
  assert.equal((await one(sql, at)).state, 'pending');
});

void test('an amendment that waits for the printer’s answer knows it', async () => {
  const { sql } = rig;
  for (const outcome of ['accepted', 'retry', 'unknown'] as const) {
    const at = await place(sql);
    const batch = await sending(sql, at);
    const piece = firstOf(batch);
    const { second } = await behind(
      async (tx) =>
        await settle(tx, at, batch, [
          outcome === 'accepted' ? accepted(piece) : answered(piece, outcome, { afterMs: 0 }),
        ]),
      async (late) => await amend(late, piece.recipientId, fields),
    );
    if (outcome !== 'retry') {
      await refused('PR017', second);
      continue;
    }
    assert.equal((await second).state, 'pending');
    await proofAll(sql, at);
    const again = firstOf(await mailBegun(sql, at));
    assert.deepEqual(
      [again.request.to.address.line1, again.idempotencyKey === piece.idempotencyKey],
      ['77 New Road', false],
    );
    assert.deepEqual(
      (await pieces(sql, at)).map(({ status }) => status),
      ['cancelled', 'submitting'],
    );
  }
});

void test('two amendments of one person at once are both there', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, [resident('Ada')]);
  const id = await onlyId(at);
  const { second } = await behind(
    async (tx) => await amend(tx, id, { line2: 'Apt 4' }),
    async (late) => await amend(late, id, { firstName: 'Grace' }),
  );
  assert.deepEqual(
    [(await second).after.line2, (await second).after.firstName],
    ['Apt 4', 'Grace'],
  );
});

const PEOPLE = 24;
const ENOUGH = 20;

void test('amid busy runners, what is printed is what the last amendment has answered to, once', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const list = Array.from({ length: PEOPLE }, (_, n) => resident(`h${n}`, {}, n + 1));
  await proofed(sql, at, list);
  const ids = await Promise.all(list.map(async (p) => (await one(sql, at, p.externalId)).id));
  const answeredTo = new Map<string, string>();
  const paper: BegunPiece[] = [];
  let over = false;
  let [done, refusals, round, asked] = [0, 0, 0, 0];
  const amending = async (client: postgres.Sql, share: number): Promise<void> => {
    while (!over) {
      for (const [n, id] of ids.entries()) {
        if (n % 3 !== share) continue;
        const line1 = `${(round += 1)} Turn Street`;
        try {
          await amend(client, id, { line1 });
          answeredTo.set(id, line1);
          done += 1;
          over ||= done >= ENOUGH && refusals > 0;
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'PR017', String(error));
          refusals += 1;
        }
        if (over) return;
      }
    }
  };
  // What is rendered is what was read: its place names it.
  const render = async (client: postgres.Sql): Promise<void> => {
    for (const cohortId of await stage(client, at, 'proof', 8, 5)) {
      const cohort = await beginProof(client, { ...at, ...begun, cohortId });
      // Another runner's.
      if (cohort === null) continue;
      const results = cohort.cards.map((card) => ({
        ...rendered(card.recipientId),
        frontUrl: `file:///${card.line1}`,
      }));
      await settleProof(client, { ...at, cohortId, results, last: true });
    }
  };
  const running = async (client: postgres.Sql): Promise<void> => {
    while (!over) {
      await render(client);
      for (const cohortId of await stage(client, at, 'mail', 2, 5)) {
        const pieces = (await beginMail(client, { ...at, ...begun, cohortId }))?.pieces ?? [];
        if (pieces.length === 0) continue;
        const answers = pieces.map((piece) => {
          // A busy printer: it takes one card of sixteen, and half of them in all.
          if ((asked += 1) % 16 !== 0 || paper.length >= PEOPLE / 2)
            return answered(piece, 'retry', { afterMs: 0 });
          paper.push(piece);
          return accepted(piece);
        });
        await settle(client, at, { cohortId, pieces }, answers);
      }
    }
  };
  const works = [0, 1, 2].flatMap((share) => [
    amending(machine.connect(1), share),
    running(machine.connect(1)),
  ]);
  const ending = setTimeout(() => (over = true), 60_000);
  await Promise.all(works).finally(() => clearTimeout(ending));
  // Who is left is printed without anybody's hands in it.
  for (let n = 0; n < 10; n += 1) {
    await render(sql);
    for (const cohortId of await stage(sql, at, 'mail', 20)) {
      const pieces = (await beginMail(sql, { ...at, ...begun, cohortId }))?.pieces ?? [];
      paper.push(...pieces);
      await settleAll(sql, at, { cohortId, pieces });
    }
  }
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['sent']));
  assert.ok(done >= ENOUGH && refusals > 0, `${done} amended, ${refusals} refused`);
  assert.equal(paper.length, PEOPLE, 'one card each');
  for (const piece of paper) {
    const { line1 } = piece.request.to.address;
    assert.equal(line1, answeredTo.get(piece.recipientId) ?? line1);
    const { artwork } = piece.request as unknown as { artwork: { front: { url: string } } };
    if (answeredTo.has(piece.recipientId))
      assert.equal(artwork.front.url, `file:///${line1}`, 'the picture is that of the address');
  }
});
