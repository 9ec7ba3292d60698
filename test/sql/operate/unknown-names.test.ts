/** A name that nothing has is refused, with those that there are: 0 would say that all was done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place, refused, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

/** What is said, with the hint. */
async function told(code: string, call: PromiseLike<unknown>): Promise<string> {
  const { message, hint = '' } = await refused(code, call);
  return `${message}; ${hint}`;
}

void test('a kind that no suppression has, and nothing to lift, are refused', async () => {
  const { sql } = rig;
  const { organizationId: o } = await place(sql);
  assert.match(
    await told('PR020', sql`select postrider.lift_suppression(${o}, 'phone', 'x')`),
    /by email, external_id or household, not by 'phone'; nothing was changed/,
  );
  assert.match(
    await told('PR020', sql`select postrider.lift_suppression(${o}, null, 'x')`),
    /not by NULL/,
  );
  assert.match(
    await told('PR020', sql`select postrider.lift_suppression(${o}, 'email', null)`),
    /null is not allowed/,
  );
});

void test('a printer that the organization does not have is refused by whatever names one', async () => {
  const { sql } = rig;
  const { organizationId: o } = await place(sql);
  const pattern = /there is no printer nope; there are: press; nothing was changed/;
  assert.match(await told('PR010', sql`select postrider.retry_webhooks(${o}, 'nope')`), pattern);
  assert.match(await told('PR010', sql`select postrider.arm_printer(${o}, 'nope')`), pattern);
  assert.match(await told('PR010', sql`select postrider.disarm_printer(${o}, 'nope')`), pattern);
  assert.match(
    await told('PR010', sql`select postrider.disarm_printer(${o}, null)`),
    /there is no printer null/,
  );
  await sql`select postrider.retry_webhooks(${o})`;
  const [bare] = await sql`select postrider.ensure_organization('bare') as id`;
  assert.match(
    await told('PR010', sql`select postrider.arm_printer(${bare?.['id']}, 'nope')`),
    /there are none yet/,
  );
});

void test('so is an effect, and a campaign in which somebody would be suppressed', async () => {
  const { sql } = rig;
  const { organizationId: o } = await place(sql);
  assert.match(
    await told('PR020', sql`select postrider.retry_effects(${o}, 'meter')`),
    /usage_meter, event_sink or image_cleanup, not 'meter'.*nothing was changed/,
  );
  await sql`select postrider.retry_effects(${o})`;
  assert.match(
    await told(
      'PR010',
      sql`select postrider.suppress(${o}, 'a@example.com', p_campaign_id => ${o})`,
    ),
    /no such campaign.*Nothing was changed/,
  );
  assert.equal(
    (await sql`select from postrider.suppression where organization_id = ${o}`).length,
    0,
  );
});

void test('a blank is no name of an organization', async () => {
  const { sql } = rig;
  for (const name of [' ', '', null])
    assert.match(
      await told('PR020', sql`select postrider.ensure_organization(${name})`),
      /has 1 to 200 letters, not (0|none at all); .*nothing was changed/,
    );
});

void test('null is named where a message speaks of what it was given', async () => {
  const { sql } = rig;
  const { organizationId: o } = await place(sql);
  for (const [code, call, pattern] of [
    ['PR010', sql`select postrider.hold(${o}, 'campaign', null)`, /no campaign null that/],
    ['PR020', sql`select postrider.hold(${o}, null, 'x')`, /no kind NULL of what can be held/],
    ['PR017', sql`select postrider.release(${o}, 'printer', null)`, /printer null is not held/],
    ['PR010', sql`select postrider.cancel(null)`, /no recipient null/],
    ['PR010', sql`select postrider.resolve(null, 'printed', 'x')`, /no mailpiece null/],
    ['PR010', sql`select postrider.clear_alarm(null, 'x')`, /no open alarm null/],
  ] as const)
    assert.match(await told(code, call), pattern);
});
