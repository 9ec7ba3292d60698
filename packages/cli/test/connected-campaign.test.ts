/** A campaign that names an account: applied, launched, and mailed by a runner, by its key. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyCampaign } from '@postrider/core';
import { people, syncPeople, states } from '../../../test/support/machine.ts';
import { accountsPlace, campaignFile } from './accounts/place.ts';

describe('a campaign that names an account', () => {
  const at = accountsPlace();
  const apply = async (lines: readonly string[], more: readonly string[] = []) =>
    await at.acme(['campaign', 'apply', campaignFile(at.place.home, lines), ...more]);
  let key = '';

  it('is refused where there is no such connection, or its provider does not serve there, with all else that is wrong', async () => {
    const none = await apply(['printer: { connection: acme }']);
    assert.equal(none.code, 78, none.stderr);
    assert.match(
      none.stderr,
      /printer\.connection: there is no connection acme; its organization has none yet: postrider connect/,
    );
    await at.acme(['secrets', 'key']);
    key = await at.connected('acme');
    const mistyped = await apply(['printer: { connection: acne }', 'dedupe: street']);
    assert.equal(mistyped.code, 78);
    assert.match(
      mistyped.stderr,
      /campaign\.yaml:\d+:\d+: printer\.connection: there is no connection acne; did you mean acme\?/,
    );
    assert.match(mistyped.stderr, /dedupe: must be person or household/);
    const unserved = await apply([
      'printer: { connection: acme }',
      'event_sink: { connection: acme }',
    ]);
    assert.match(
      unserved.stderr,
      /event_sink\.connection: acme is an account at acme, which is no event_sink; it serves as printer/,
    );
    const both = await apply(['printer: { connection: acme, kind: acme }']);
    assert.match(both.stderr, /printer\.connection: stands in place of kind/);
    const neither = await apply(['printer: { }']);
    assert.match(
      neither.stderr,
      /printer\.kind: is missing: the kind of an adapter, or connection/,
    );
    assert.match(neither.stderr, /printer\.name: is missing/);
    const option = await apply(['printer: { connection: acme, colour: red }']);
    assert.equal(option.code, 78, option.stderr);
    assert.match(option.stderr, /printer\.colour: is not an option of this adapter/);
  });

  it('is refused where its printer is given files by links, and cards are pages of one document', async () => {
    const run = await apply(['printer: { connection: acme, artwork: links }']);
    assert.equal(run.code, 78, run.stderr);
    assert.match(run.stderr, /printer\.artwork: the renderer sets .*artwork: bytes/s);
  });

  it('is applied and mailed by a runner, which opens the sealed key', async () => {
    const run = await apply(['printer: { connection: acme }']);
    assert.equal(run.code, 0, run.stderr);
    const { sql } = at.machine;
    const [campaign] = await sql<{ organizationId: string; campaignId: string }[]>`
      select organization_id as "organizationId", id as "campaignId" from postrider.campaigns`;
    assert.ok(campaign);
    await syncPeople(sql, campaign, people(3));
    const wrong = await at.acme([
      'campaign',
      'launch',
      'spring',
      '--live',
      '--arm',
      '--yes',
      '--no-sheet',
    ]);
    assert.equal(wrong.code, 1, wrong.stderr);
    assert.match(wrong.stderr, /would be live, and connection acme of the printer is test/);
    const launched = await at.acme(['campaign', 'launch', 'spring', '--no-sheet']);
    assert.equal(launched.code, 0, launched.stderr);
    assert.match(launched.stdout, /printer +acme \(acme by connection acme\)/);
    at.office.requests.length = 0;
    const ran = await at.acme(['run', '--once', '--no-http', '--no-sync']);
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(await states(sql), { sent: 3 });
    assert.deepEqual(
      at.office.requests.map((one) => ({ ...one })),
      Array.from({ length: 3 }, () => ({ path: '/cards', key, mode: 'test' })),
    );
  });

  it('a key that is replaced counts in a runner that runs, and a runner without the sealing key says which is missing', async () => {
    const { sql } = at.machine;
    const [campaign] = await sql<{ organizationId: string; campaignId: string }[]>`
      select organization_id as "organizationId", id as "campaignId" from postrider.campaigns`;
    assert.ok(campaign);
    await syncPeople(sql, campaign, people(2, 'more'), false);
    const blind = await at.acme(['run', '--once', '--no-http', '--no-sync', '--json'], {
      env: { POSTRIDER_SECRETS_KEY: `other:${Buffer.alloc(32, 1).toString('base64')}` },
    });
    assert.match(
      blind.stderr + blind.stdout,
      /is sealed with key [\da-f]{12}, which is not here: POSTRIDER_SECRETS_KEY has other/,
    );
    assert.equal((await states(sql))['sent'], 3, 'nobody is in error, and nobody is lost');
    const next = at.key('test');
    const rotated = await at.acme(
      [
        'connection',
        'rotate',
        'acme',
        '--secret-from',
        'env:NEXT',
        '--seal',
        '--overlap-hours',
        '0',
      ],
      { env: { NEXT: next } },
    );
    assert.equal(rotated.code, 0, rotated.stderr);
    await at.acme(['connection', 'rename', 'acme', 'acme-east']);
    at.office.requests.length = 0;
    await sql`select postrider.turn_clock('1 hour')`;
    const ran = await at.acme(['run', '--once', '--no-http', '--no-sync']);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal((await states(sql))['sent'], 5);
    assert.deepEqual([...new Set(at.office.requests.map((one) => one.key))], [next]);
  });

  it('is as it was where it is applied with the new name of its connection, and names the printer as before', async () => {
    const run = await apply(['printer: { connection: acme-east }'], ['--json']);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(run.json()[0]?.['changed'], []);
    const shown = await at.acme(['campaign', 'show', 'spring']);
    assert.match(shown.stdout, /printer acme acme-east/);
    const used = await at.acme(['connection', 'remove', 'acme-east', '--yes']);
    assert.equal(used.code, 1);
    assert.match(used.stderr, /acme-east is used by campaign spring, printer acme/);
  });

  it('by a statement of the library it is found by name or id as well', async () => {
    const { sql } = at.machine;
    const organizationId = await at.organizationId();
    const [x] = await sql<{ id: string }[]>`select id from postrider.connections`;
    const [row] = await sql<{ integrations: Record<string, unknown> }[]>`
      select integrations from postrider.campaign`;
    assert.deepEqual(row?.integrations['printer'], { connection: x?.id, kind: 'acme' });
    await assert.rejects(
      applyCampaign(sql, organizationId, {
        name: 'x',
        printer_name: null,
        integrations: { printer: { connection: 'nobody' } },
      } as never),
    );
  });

  it('wrote none of its keys anywhere', () => {
    const written = at.written();
    assert.ok(at.secrets.size >= 2);
    for (const secret of at.secrets) assert.ok(!written.includes(secret));
  });
});
