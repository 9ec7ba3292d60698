/** Somebody else on the pool, to whom nothing of a lost session may come. */
import assert from 'node:assert/strict';
import { gate, outcome, type Sql } from './rig.ts';

/** The codes of a lost connection. */
export const lost = /^(CONNECTION_CLOSED|ECONNRESET)$/;

/** Somebody whose transaction takes the connection that was lost. */
export async function stranger(sql: Sql) {
  const inside = gate();
  const leave = gate();
  const answers: unknown[] = [];
  const end = outcome(
    sql.begin(async (tx) => {
      // A portal that a statement of another session could run on.
      answers.push((await tx`select generate_series(1, 3) as n`).length);
      inside.open();
      await leave.opened;
      answers.push(
        (await tx`insert into note values ('stranger') returning who`)[0]?.['who'],
        (await tx`select 7 as n`)[0]?.['n'],
      );
    }),
  );
  await inside.opened;
  return {
    async end() {
      leave.open();
      assert.equal(await end, 'ok');
      assert.deepEqual(answers, [3, 'stranger', 7]);
    },
  };
}
