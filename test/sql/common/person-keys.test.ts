/**
 * What nobody sees at the ends of a key makes no difference: not on a do-not-mail list, and not in
 * a segment.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, suppress } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import { mailBegun, place, proofed, reasonsOf, refused, sharedMachine, statesOf } from '../rig.ts';

const rig = sharedMachine();
const inside = ['\u200b', '\ufeff', '\u00ad', '\u2060'];
const unseen = ['\r', '\n', '\t\r\n', '\u00a0', '\u200b', '\ufeff', '\u0001', '\u2028 '];

void test('an entry matches whatever stands around it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(unseen.length * 2));
  for (const [i, around] of unseen.entries()) {
    assert.equal(
      await suppress(
        sql,
        at.organizationId,
        { email: `${around}P${i}@example.com${around}` },
        'list',
      ),
      1,
    );
    const externalId = `${around}p${unseen.length + i}${around}`;
    assert.equal(await suppress(sql, at.organizationId, { externalId }, 'list'), 1);
  }
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['blacklisted (suppressed)']),
  );
  const [row] = await sql`
    select postrider.lift_suppression(
      ${at.organizationId}, 'external_id', ${'\u00a0p8\r'}
    ) as lifted`;
  assert.equal(row?.['lifted'], 1);
});

void test('a letter that nobody sees inside an id, or an accent that is written apart, makes no other person', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(
    sql,
    at,
    people(inside.length).map((person, i) => ({ ...person, externalId: `José-${inside[i]}${i}` })),
  );
  for (const i of inside.keys()) {
    const externalId = `Jos\u0065\u0301-${i}`;
    assert.equal(await suppress(sql, at.organizationId, { externalId }, 'list'), 1);
  }
});

void test('an id that came with white space around it is the same person, and can be suppressed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(
    sql,
    at,
    people(1).map((person) => ({ ...person, externalId: ' 42\u00a0' })),
  );
  await syncPeople(
    sql,
    at,
    people(1).map((person) => ({ ...person, externalId: '42\r' })),
  );
  assert.deepEqual(await statesOf(sql, at), { '42': 'pending' });
  assert.equal(await suppress(sql, at.organizationId, { externalId: ' 42 ' }, 'list'), 1);
});

void test('a key with a control character inside is refused, and an entry that matches nobody says so', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await refused(
    'PR020',
    suppress(sql, at.organizationId, { email: 'a\u0007b@example.com' }, 'list'),
    /'a' cannot be read as an e-mail address/,
  );
  await refused(
    'PR020',
    suppress(sql, at.organizationId, { externalId: 'a\u0007b' }, 'list'),
    /control character/,
  );
  const heard: string[] = [];
  const listening = connect(machine.url, {
    max: 1,
    onNotice: (message) => void heard.push(message),
  });
  assert.equal(
    await suppress(
      listening,
      at.organizationId,
      { email: 'nobody@example.com', externalId: 'n1' },
      'list',
    ),
    0,
  );
  await listening.end();
  assert.deepEqual(heard, [
    'nobody here is known as nobody@example.com or n1: the entry stands for people who come later',
  ]);
});

void test('nobody is let in or mailed where no suppression could be told, or where nobody would wait for anybody', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const [key] = await sql<{ secret: string }[]>`
    delete from postrider.organization_key
    where organization_id = ${at.organizationId}
    returning secret`;
  await refused('PR010', mailBegun(sql, at), /organization_key/);
  await refused('PR010', syncPeople(sql, at, people(1)), /organization_key/);
  await sql`
    insert into postrider.organization_key values (${at.organizationId}, ${key?.secret ?? ''})`;
  await sql`delete from postrider.campaign_lock`;
  await sql`delete from postrider.organization_sync where organization_id = ${at.organizationId}`;
  await refused('PR010', syncPeople(sql, at, people(1)), /organization_sync/);
});
