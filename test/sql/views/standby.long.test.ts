/** What readers may ask is answered on a hot standby too, and doctor says that it is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@postrider/core';
import { freshMachine } from '../../support/machine.ts';
import { pg15Binaries, startServer } from '../../support/server.ts';
import { replicating, startStandby } from '../../support/standby.ts';
import { callable, callsOf, readyToCall, refusals } from '../calls/calls.ts';
import { furnished, login } from '../privileges/logins.ts';
import type { Rig } from '../rig.ts';
import { isLong } from '../../support/long.ts';

for (const major of isLong ? ([undefined, 15] as const) : [undefined]) {
  const skip = major === 15 && pg15Binaries() === null ? 'PostgreSQL 15 is not installed' : false;
  const on = major === undefined ? '' : `, on PostgreSQL ${major}`;
  void test(`every look-up of a reader is answered on a hot standby${on}`, { skip }, async () => {
    await using stack = new AsyncDisposableStack();
    const options = { settings: replicating, ...(major === undefined ? {} : { major }) };
    const primary = await startServer(options);
    stack.defer(async () => await primary.drop());
    const machine = stack.use(await freshMachine(primary.adminUrl));
    const admin = connect(machine.database.adminUrl, { max: 1 });
    stack.defer(async () => await admin.end({ timeout: 2 }));
    const rig: Rig = { sql: machine.sql, machine, admin };
    const at = await furnished(rig.sql);
    await rig.sql`select postrider.check_watermark()`;
    await readyToCall(admin);
    const { sql: onPrimary } = await login(rig, 'postrider_reader', [at.organizationId]);
    stack.defer(async () => await onPrimary.end({ timeout: 2 }));
    const standby = await startStandby(primary, primary.port);
    stack.defer(async () => await standby.drop());
    await standby.caughtUp();
    const there = async (sql: {
      readonly options: { readonly user: string; readonly pass: unknown };
    }) => {
      const { user, pass } = sql.options;
      const url = new URL(machine.url);
      url.port = String(standby.port);
      url.username = user;
      url.password = String(typeof pass === 'function' ? await pass() : pass);
      const made = connect(url.href, { max: 1 });
      stack.defer(async () => await made.end({ timeout: 2 }));
      return made;
    };
    const reader = await there(onPrimary as never);
    const owner = await there(machine.sql as never);

    // As the program asks, and as readers do.
    for (const sql of [reader, owner])
      for (const call of [
        'doctor()',
        `trace('p0@example.com')`,
        `why('p0@example.com')`,
        'stuck',
        'funnel',
        ...(sql === owner ? ['waiting_work()'] : []),
      ]) {
        const rows = await sql.unsafe(`select * from postrider.${call}`);
        assert.ok(rows.length > 0 || call === 'stuck', call);
      }
    const doctor = async (sql: typeof reader) => {
      const [row] = await sql`select verdict, message, what_helps from postrider.doctor('restore')`;
      return row;
    };
    for (const sql of [reader, owner]) {
      const told = await doctor(sql);
      assert.equal(told?.['verdict'], 'ok');
      assert.match(String(told?.['message']), /^this is a standby: /);
      assert.match(String(told?.['what_helps']), /primary/);
    }
    assert.equal((await doctor(owner))?.['verdict'], 'ok');

    // And everything else that a reader may ask.
    const known = {
      organization_id: [at.organizationId],
      campaign_id: [at.campaignId],
      who: ['p0@example.com'],
    };
    const calls = (await callable(reader)).flatMap((one) => callsOf(one, known, false, 0));
    const views = await reader<{ name: string }[]>`
      select c.relname as name
      from pg_class c
      where c.relnamespace = 'postrider'::regnamespace
        and c.relkind in ('v', 'r', 'p')
        and has_table_privilege(c.oid, 'select')`;
    calls.push(...views.map(({ name }) => `select * from postrider.${name} limit 5`));
    assert.ok(calls.length > 50);
    const wrong = (await refusals(reader, calls)).filter(({ state }) => !state.startsWith('PR'));
    assert.deepEqual(wrong, []);

    // What the primary had noticed is told here as well.
    await admin`
      update postrider.installation set restore_noticed_at = now(), restore_why = 'noticed there'`;
    await standby.caughtUp();
    assert.match(JSON.stringify(await doctor(reader)), /"bad".*noticed there/);
  });
}
