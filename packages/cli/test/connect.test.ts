/** `connect`: a key becomes a connection where its provider takes it, and is shown nowhere. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { accountsPlace, ORGANIZATION } from './accounts/place.ts';

describe('connect', () => {
  const at = accountsPlace();
  const url = (): string => `url=${at.office.url}`;

  async function kept(): Promise<unknown[]> {
    const rows = await at.machine.sql`
      select c.name, c.mode, s.purpose, s.reference, s.key_id is not null as sealed
      from postrider.connection c
      left join postrider.connection_secret s
        on s.organization_id = c.organization_id and s.connection_id = c.id
      order by c.name, s.purpose`;
    return rows.map((row) => ({ ...row }));
  }

  it('asks the provider, says what it found, and keeps where the key is', async () => {
    const key = at.key('test');
    const run = await at.acme(
      ['connect', 'acme', '--option', url(), '--secret-from', 'env:ACME_KEY', '--json'],
      { env: { ACME_KEY: key } },
    );
    assert.equal(run.code, 0, run.stderr);
    const [told] = run.json();
    assert.equal(told?.['name'], 'acme-test');
    assert.deepEqual(told?.['finding'], {
      outcome: 'usable',
      mode: 'test',
      account: 'Flour & Field',
      notes: ['balance 12.50 USD'],
    });
    assert.deepEqual(at.office.requests.at(-1), { path: '/account', key, mode: null });
    assert.deepEqual(await kept(), [
      {
        name: 'acme-test',
        mode: 'test',
        purpose: 'api_key',
        reference: 'env:ACME_KEY',
        sealed: false,
      },
    ]);
    const again = await at.acme(
      ['connect', 'acme', '--option', url(), '--secret-from', 'env:ACME_KEY'],
      { env: { ACME_KEY: key } },
    );
    assert.equal(again.code, 1);
    assert.match(
      again.stderr,
      /there is a connection acme-test already\n.*connection rotate acme-test/,
    );
  });

  it('seals what comes by stdin, and refuses to where there is no sealing key', async () => {
    const key = at.key('live');
    const args = ['connect', 'acme', '--option', url(), '--secret-from', '-'];
    const none = await at.acme(args, { input: `${key}\n` });
    assert.equal(none.code, 78, none.stderr);
    assert.match(
      none.stderr,
      /POSTRIDER_SECRETS_KEY is not set\n.*postrider secrets key.*Nothing was changed/,
    );
    const made = await at.acme(['secrets', 'key']);
    assert.equal(made.code, 0, made.stderr);
    const run = await at.acme(args, { input: `${key}\n` });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /connection acme is made: acme, usable, live; Flour & Field; balance/);
    assert.deepEqual((await kept())[0], {
      name: 'acme',
      mode: 'live',
      purpose: 'api_key',
      reference: null,
      sealed: true,
    });
    assert.equal((await at.acme(['connection', 'check', 'acme'])).code, 0);
    assert.equal(at.office.requests.at(-1)?.key, key, 'what was sealed opens as it was');
  });

  it('takes several secrets by their purposes, from a file, and seals what has a place where it is told to', async () => {
    const path = join(at.place.home, 'key.txt');
    const [key, hook] = [at.key('live'), 'hook_of_the_test_0123456789'];
    (at.secrets as Set<string>).add(hook);
    writeFileSync(path, `${key}\n`, { mode: 0o600 });
    const run = await at.acme(
      [
        'connect',
        'acme',
        '--name',
        'both',
        '--option',
        url(),
        '--option',
        'pieces=7',
        '--secret-from',
        'file:key.txt',
        '--secret-from',
        'webhook=env:HOOK',
      ],
      { env: { HOOK: hook } },
    );
    assert.equal(run.code, 0, run.stderr);
    const shown = await at.acme(['connection', 'show', 'both']);
    assert.match(shown.stdout, new RegExp(`api_key +file:${path}`));
    assert.match(shown.stdout, /webhook +env:HOOK/);
    assert.match(shown.stdout, /"pieces":7/);
    const sealed = await at.acme([
      'connect',
      'acme',
      '--name',
      'closed',
      '--option',
      url(),
      '--seal',
      '--secret-from',
      `file:${path}`,
    ]);
    assert.equal(sealed.code, 0, sealed.stderr);
    assert.match(
      (await at.acme(['connection', 'show', 'closed'])).stdout,
      /api_key +sealed with key/,
    );
  });

  it('keeps nothing where the key is refused, has not the form of one, is of the other mode, or nobody knows', async () => {
    const before = await kept();
    const refused = 'acme_live_nobodyknowsthiskey';
    (at.secrets as Set<string>).add(refused);
    const args = ['connect', 'acme', '--name', 'more', '--option', url(), '--secret-from', 'env:K'];
    const told = await at.acme(args, { env: { K: refused } });
    assert.equal(told.code, 1, told.stderr);
    assert.match(told.stderr, /acme refuses the account: no such key: …\nnothing was kept/);
    at.office.broken = 503;
    const unclear = await at.acme(args, { env: { K: refused } });
    at.office.broken = null;
    assert.equal(unclear.code, 69, unclear.stderr);
    assert.match(unclear.stderr, /nobody knows whether acme takes the account: it answered 503/);
    const odd = 'odd key of nobody';
    (at.secrets as Set<string>).add(odd);
    const formless = await at.acme(args, { env: { K: odd } });
    assert.equal(formless.code, 78);
    assert.match(formless.stderr, /no API key of acme: it begins with acme_/);
    const live = await at.acme([...args, '--mode', 'test'], { env: { K: at.key('live') } });
    assert.equal(live.code, 78);
    assert.match(live.stderr, /the key is for live mode, and --mode test was given/);
    const lying = at.key('live');
    at.office.keys.set(lying, 'test');
    const other = await at.acme(args, { env: { K: lying } });
    assert.equal(other.code, 1);
    assert.match(other.stderr, /the account is test, and the connection is live/);
    assert.deepEqual(await kept(), before);
    const kept2 = await at.acme([...args, '--no-check'], { env: { K: refused } });
    assert.equal(kept2.code, 0, kept2.stderr);
    assert.match(kept2.stdout, /connection more is made: acme, never asked/);
    const check = await at.acme(['connection', 'check', 'more'], { env: { K: refused } });
    assert.equal(check.code, 1);
    assert.match(check.stdout, /more \(acme\): refused: no such key: …/);
  });

  it('refuses a key as an argument or an option, and does not repeat it', async () => {
    const key = at.key('test');
    for (const args of [
      ['connect', key],
      ['connect', 'acme', key],
      ['connect', 'acme', `--api-key=${key}`],
      ['connect', 'acme', '--api-key', key],
      ['connect', 'acme', '--secret-from', key],
      ['connect', 'acme', '--secret-from', `webhook=${key}`],
      ['connect', 'acme', '--option', key],
      ['connection', 'rotate', 'acme', key],
      ['connection', 'rotate', 'acme', '--secret-from', `env:${key}-x`],
    ])
      for (const more of [[], ['--json']]) {
        const run = await at.acme([...args, ...more]);
        assert.equal(run.code, 2, run.stderr);
        assert.match(run.stderr, /a secret is never an option or an argument.*Nothing was changed/);
        assert.ok(!run.stderr.includes(key), run.stderr);
      }
    for (const option of ['colour=red', `pieces=${key}`]) {
      const run = await at.acme(['connect', 'acme', '--option', url(), '--option', option]);
      assert.equal(run.code, 2, run.stderr);
      assert.ok(!run.stderr.includes(key), run.stderr);
    }
  });

  it('asks on a terminal only, and says what helps where there is none', async () => {
    const run = await at.acme(['connect', 'acme', '--option', url()]);
    assert.equal(run.code, 2);
    assert.match(
      run.stderr,
      /API key is needed, and there is no terminal to ask on\n.*--secret-from env:NAME/,
    );
  });

  it('asks on a terminal, and shows nothing of what is typed', async (context) => {
    const key = at.key('live');
    const run = await at.typed(
      ['connect', 'acme', '--name', 'typed', '--option', url()],
      `${key}x\u007f\r`,
    );
    if (run === null) {
      context.diagnostic('NOT RUN: there is no program `script`, which gives a terminal');
      return;
    }
    assert.equal(run.code, 0, run.stdout);
    assert.match(run.stdout, /API key \(not shown\): \r?\n/);
    assert.ok(!run.stdout.includes(key), run.stdout);
    assert.equal(at.office.requests.at(-1)?.key, key);
    const broken = await at.typed(
      ['connect', 'acme', '--name', 'broken', '--option', url()],
      '\u0003',
    );
    assert.equal(broken?.code, 130, broken?.stdout);
  });

  it('knows the providers that have accounts, and makes an organization only where it is told to', async () => {
    const unknown = await at.acme(['connect', 'acne']);
    assert.match(unknown.stderr, /there is no provider acne\ndid you mean acme\?/);
    const local = await at.acme(['connect', 'csv']);
    assert.match(local.stderr, /csv has no accounts: it needs none/);
    const key = at.key('test');
    const args = ['connect', 'acme', '--option', url(), '--secret-from', 'env:K'];
    const other = [...args, '--organization', 'Another Bakery'];
    const run = await at.acme(other, { env: { K: key } });
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stderr, /no organization Another Bakery\n.*--make-organization/);
    const refused = await at.acme([...other, '--make-organization'], {
      env: { K: `${key}x` },
    });
    assert.equal(refused.code, 1, refused.stderr);
    const there = await at.machine.sql`
      select from postrider.organizations where name = 'Another Bakery'`;
    assert.equal(there.length, 0, 'made only with its connection');
    const made = await at.acme([...other, '--make-organization'], { env: { K: key } });
    assert.equal(made.code, 0, made.stderr);
    const listed = await at.acme(['connections', '--organization', ORGANIZATION, '--json']);
    assert.ok(listed.json().every((row) => row['organization'] === ORGANIZATION));
    const both = await at.acme(args, { env: { K: key } });
    assert.equal(both.code, 2, both.stderr);
  });

  it('wrote none of these secrets anywhere', async () => {
    const written = at.written();
    const [dump] = await at.machine.sql<{ all: string }[]>`
      select string_agg(x.line, ' ') as all
      from (
        select c::text as line from postrider.connection c
        union all select s::text from postrider.connection_secret s
        union all select i::text from postrider.intervention i
        union all select v::text from postrider.connections v
      ) x`;
    assert.ok(at.secrets.size > 8);
    for (const secret of at.secrets) {
      assert.ok(!written.includes(secret), 'in what the commands wrote');
      assert.ok(!String(dump?.all).includes(secret), 'in the database');
      assert.ok(!String(dump?.all).includes(Buffer.from(secret).toString('hex')), 'in its bytes');
    }
  });
});
