/** `connection` and `secrets`: what becomes of an account that is there, and of its keys. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { accountsPlace } from './accounts/place.ts';

describe('connection', () => {
  const at = accountsPlace();
  const keyFile = (): string => join(at.place.home, 'var', 'secrets', 'POSTRIDER_SECRETS_KEY');
  const lastKey = (): string | undefined => at.office.requests.at(-1)?.key;

  async function keyIds(): Promise<unknown[]> {
    const rows = await at.machine.sql`
      select distinct key_id from postrider.connection_secret where key_id is not null order by 1`;
    return rows.map((row) => row['key_id']);
  }

  it('secrets key makes one that its owner alone reads, shows no value, and prints one only when asked', async () => {
    const run = await at.acme(['secrets', 'key', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const [{ id, path, older } = {}] = run.json();
    assert.deepEqual([path, older], [keyFile(), []]);
    const [line = ''] = readFileSync(keyFile(), 'utf8').split('\n');
    const [name, value = ''] = line.split(':');
    assert.equal(name, id);
    assert.equal(Buffer.from(value, 'base64').length, 32);
    assert.equal(statSync(keyFile()).mode & 0o777, 0o600);
    assert.ok(!run.stdout.includes(value) && !run.stderr.includes(value));
    const printed = await at.acme(['secrets', 'key', '--print']);
    assert.match(printed.stdout, /^[\da-f]{12}:[A-Za-z\d+/]{43}=\n$/);
    assert.equal(readFileSync(keyFile(), 'utf8'), `${line}\n`);
    const elsewhere = await at.acme(['secrets', 'key'], {
      env: { POSTRIDER_SECRETS_KEY: printed.stdout },
    });
    assert.equal(elsewhere.code, 78);
    assert.match(elsewhere.stderr, /come from POSTRIDER_SECRETS_KEY.*\n.*--print/);
  });

  it('check says what the provider says now, keeps it, and says what helps where it is held', async () => {
    const key = await at.connected('acme');
    await at.acme(['hold', 'connection', 'acme', '--why', 'no balance']);
    const usable = await at.acme(['connection', 'check', 'acme']);
    assert.deepEqual([usable.code, lastKey()], [0, key], usable.stderr);
    assert.match(usable.stdout, /acme \(acme\): usable, test; Flour & Field/);
    assert.match(usable.stderr, /postrider release connection acme/);
    const listed = await at.acme(['connections']);
    assert.match(
      listed.stdout,
      /acme +acme +test +(now|[\d.]+ m?s ago) +(now|[\d.]+ m?s ago): usable/,
    );
    assert.equal((await at.acme(['release', 'connection', 'acme'])).code, 0);
    at.office.keys.delete(key);
    const refused = await at.acme(['connection', 'check', 'acme', '--json']);
    assert.equal(refused.code, 1);
    assert.deepEqual(refused.json()[0]?.['finding'], {
      outcome: 'refused',
      message: 'no such key: …',
    });
    const [shown] = (await at.acme(['connection', 'show', 'acme', '--json'])).json();
    assert.match(JSON.stringify(shown?.['finding']), /"outcome":"refused"/);
  });

  it('rotate asks the provider with the new key, lets the old one go after a time, and refuses one of the other mode', async () => {
    await at.connected('turning', 'live');
    const [next, other] = [at.key('live'), at.key('test')];
    const args = ['connection', 'rotate', 'turning', '--secret-from', 'env:NEXT', '--seal'];
    const wrong = await at.acme(args, { env: { NEXT: other } });
    assert.equal(wrong.code, 78);
    assert.match(
      wrong.stderr,
      /key is for test mode, and connection turning is live\n.*postrider connect acme/,
    );
    const refused = await at.acme(args, { env: { NEXT: 'acme_live_unknown' } });
    assert.equal(refused.code, 1);
    const run = await at.acme([...args, '--overlap-hours', '2'], { env: { NEXT: next } });
    assert.equal(run.code, 0, run.stderr);
    assert.match(
      run.stdout,
      /the api_key of turning is replaced; the one before is good until \d{4}-/,
    );
    assert.equal(lastKey(), next);
    assert.equal((await at.acme(['connection', 'check', 'turning'])).code, 0);
    assert.equal(lastKey(), next, 'the newest counts');
    const [{ secrets } = {}] = (await at.acme(['connection', 'show', 'turning', '--json'])).json();
    assert.equal((secrets as unknown[]).length, 2);
    const last = await at.acme([...args, '--overlap-hours', '0'], {
      env: { NEXT: at.key('live') },
    });
    assert.match(last.stdout, /^the api_key of turning is replaced\n$/);
    const [{ secrets: one } = {}] = (
      await at.acme(['connection', 'show', 'turning', '--json'])
    ).json();
    assert.equal((one as unknown[]).length, 1);
  });

  it('doctor names the secrets that cannot be read where it is asked, and no value', async () => {
    const [value, file] = [at.key('test'), join(at.place.home, 'acme-key')];
    writeFileSync(file, `${value}\n`);
    await at.connected('sealed-one');
    const env = { REFERRED: value };
    for (const [name, from] of [
      ['referred', 'env:REFERRED'],
      ['filed', `file:${file}`],
    ]) {
      const made = ['connect', 'acme', '--name', name ?? '', '--secret-from', from ?? ''];
      const run = await at.acme([...made, '--option', `url=${at.office.url}`], { env });
      assert.equal(run.code, 0, run.stderr);
    }
    const well = await at.acme(['doctor', 'secrets', '--json'], { env });
    assert.deepEqual(well.json()[0]?.['verdict'], 'ok', well.stdout);
    const [key] = (await keyIds()).slice(-1);
    const elsewhere = (await at.acme(['secrets', 'key', '--print'])).stdout.trim();
    rmSync(file);
    const run = await at.acme(['doctor', '--json'], { env: { POSTRIDER_SECRETS_KEY: elsewhere } });
    assert.equal(run.code, 0, run.stderr);
    const check = run.json().find((one) => one['check'] === 'secrets');
    const message = String(check?.['message']);
    assert.equal(check?.['verdict'], 'warn');
    for (const words of [
      `api_key of sealed-one (Flour & Field): it is sealed with key ${String(key)}, which is not`,
      'api_key of referred (Flour & Field): the secret is at env:REFERRED, which is not set here',
      `api_key of filed (Flour & Field): the secret is in ${file}, which cannot be read`,
    ])
      assert.ok(message.includes(words), `${words}\n${message}`);
    assert.ok(!message.includes(value) && !run.stdout.includes(elsewhere));
  });

  it('check names a former key that cannot be read any more, and is usable all the same', async () => {
    const [former, next] = [at.key('test'), at.key('test')];
    const env = { FORMER: former, NEXT: next };
    const make = ['connect', 'acme', '--name', 'moved', '--secret-from', 'env:FORMER'];
    const made = await at.acme([...make, '--option', `url=${at.office.url}`], { env });
    assert.equal(made.code, 0, made.stderr);
    const rotate = ['connection', 'rotate', 'moved', '--secret-from', 'env:NEXT'];
    assert.equal((await at.acme(rotate, { env })).code, 0);
    const check = await at.acme(['connection', 'check', 'moved'], { env: { NEXT: next } });
    assert.deepEqual([check.code, lastKey()], [0, next], check.stderr);
    assert.match(check.stderr, /former api_key .* left out: .*env:FORMER, which is not set here/);
    const json = await at.acme(['connection', 'check', 'moved', '--json'], { env: { NEXT: next } });
    assert.match(JSON.stringify(json.json()[0]?.['unreadable']), /env:FORMER/);
    const whole = await at.acme(['connection', 'check', 'moved', '--json'], { env });
    assert.deepEqual(whole.json()[0]?.['unreadable'], []);
  });

  it('rename and remove, by name; what is mistyped is told with what was meant', async () => {
    await at.connected('old-name');
    const run = await at.acme(['connection', 'rename', 'old-name', 'new-name']);
    assert.equal(run.code, 0, run.stderr);
    const [{ endpoint_id: endpoint } = {}] = (
      await at.acme(['connection', 'show', 'new-name', '--json'])
    ).json();
    assert.ok(
      run.stderr.includes(`come in at /webhooks/new-name/${String(endpoint)} from now on`),
      'what was at the old address is not found any more',
    );
    const mistyped = await at.acme(['connection', 'check', 'new-nam']);
    assert.equal(mistyped.code, 1);
    assert.match(mistyped.stderr, /no connection new-nam\ndid you mean new-name\?/);
    const asked = await at.acme(['connection', 'remove', 'new-name']);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /add --yes/);
    assert.equal((await at.acme(['connection', 'remove', 'new-name', '--yes'])).code, 0);
    assert.equal((await at.acme(['connection', 'show', 'new-name'])).code, 1);
  });

  it('a role that operates replaces a key, and is told that it may not read the one that is there', async () => {
    await at.connected('operated');
    const { sql, url } = at.machine;
    const theirs = new URL(url);
    theirs.username = `operating_${process.pid}`;
    theirs.password = 'ada';
    await sql`
      create role ${sql(theirs.username)} login password 'ada' in role postrider_operator`;
    await sql`
      insert into postrider.organization_member (organization_id, role_name)
      values (${await at.organizationId()}, ${theirs.username})`;
    const env = { DATABASE_URL: theirs.href, NEXT: at.key('test') };
    const check = await at.acme(['connection', 'check', 'operated'], { env });
    assert.equal(check.code, 77, check.stderr);
    assert.match(check.stderr, /may not read the secrets of connection operated.*\n.*_runner may/);
    const args = ['connection', 'rotate', 'operated', '--secret-from'];
    const wrong = await at.acme([...args, 'env:NEXT', '--seal'], {
      env: { ...env, NEXT: 'acme_test_unknown' },
    });
    assert.equal(wrong.code, 1, 'the provider was asked with the new one');
    const run = await at.acme([...args, 'env:NEXT', '--seal'], { env });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(lastKey(), env.NEXT);
    assert.equal((await at.acme(['connection', 'check', 'operated'])).code, 0);
    assert.equal(lastKey(), env.NEXT);
    const webhook = await at.acme([...args, 'webhook=env:NEXT'], { env });
    assert.equal(webhook.code, 77);
    assert.match(webhook.stderr, /--no-check/);
  });

  it('secrets rotate seals everything with the newest key, goes on where it was broken off, and names a key that is missing', async () => {
    const before = readFileSync(keyFile(), 'utf8').trim();
    const [old] = before.split(':');
    assert.deepEqual(await keyIds(), [old]);
    const key = await at.connected('sealed', 'live');
    assert.equal((await at.acme(['secrets', 'key'])).code, 0);
    const [first = '', second] = readFileSync(keyFile(), 'utf8').trim().split('\n');
    assert.equal(second, before, 'the newest first');
    const newest = first.split(':')[0];
    // A process that has the new key alone can tell which one it lacks.
    const alone = await at.acme(['connection', 'check', 'sealed'], {
      env: { POSTRIDER_SECRETS_KEY: first },
    });
    assert.equal(alone.code, 78);
    assert.match(
      alone.stderr,
      new RegExp(
        `connection sealed: the api_key is sealed with key ${old}, which is not here: POSTRIDER_SECRETS_KEY has ${newest}`,
      ),
    );
    const missing = await at.acme(['secrets', 'rotate'], { env: { POSTRIDER_SECRETS_KEY: first } });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, new RegExp(`sealed with key ${old}, which is not here`));
    // One was done by a call that was broken off.
    await at.machine.sql`delete from postrider.connection_secret where retires_at is not null`;
    const run = await at.acme(['secrets', 'rotate', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const [told] = run.json();
    assert.deepEqual([told?.['key'], told?.['unneeded']], [newest, [old]]);
    assert.ok(Number(told?.['resealed']) >= 3);
    assert.deepEqual(await keyIds(), [newest]);
    assert.equal((await at.acme(['secrets', 'rotate', '--json'])).json()[0]?.['resealed'], 0);
    const check = await at.acme(['connection', 'check', 'sealed'], {
      env: { POSTRIDER_SECRETS_KEY: first },
    });
    assert.deepEqual([check.code, lastKey()], [0, key], check.stderr);
  });

  it('what is sealed opens nowhere else: copied to another connection, purpose or organization it is refused', async () => {
    const { sql } = at.machine;
    await at.connected('here', 'live');
    await at.connected('there', 'live');
    await sql`
      update postrider.connection_secret s
      set sealed = o.sealed, key_id = o.key_id
      from postrider.connection_secret o
      join postrider.connection c on c.id = o.connection_id and c.name = 'here'
      where s.connection_id = (select id from postrider.connection where name = 'there')`;
    const before = at.office.requests.length;
    const run = await at.acme(['connection', 'check', 'there']);
    assert.equal(run.code, 78, run.stderr);
    assert.match(run.stderr, /connection there: the api_key does not open.*sealed for another/);
    assert.equal(at.office.requests.length, before, 'nobody was asked');
    await sql`
      update postrider.connection_secret s set purpose = 'webhook'
      from postrider.connection c where c.id = s.connection_id and c.name = 'here'`;
    const purpose = await at.acme(['connection', 'check', 'here']);
    assert.match(purpose.stderr, /the webhook does not open/);
  });

  it('says what is wrong with sealing keys, and repeats none', async () => {
    const bad = 'not-a-key-but-secret-all-the-same';
    for (const value of [bad, `k1:${Buffer.alloc(31, 7).toString('base64')}`]) {
      const run = await at.acme(['secrets', 'rotate'], { env: { POSTRIDER_SECRETS_KEY: value } });
      assert.equal(run.code, 78, run.stderr);
      assert.match(run.stderr, /key 1 of POSTRIDER_SECRETS_KEY is not 32 bytes in base64/);
      assert.ok(!run.stderr.includes(value.split(':').at(-1) ?? ''));
    }
    writeFileSync(join(at.place.home, 'key.txt'), '');
    const args = ['connect', 'acme', '--option', `url=${at.office.url}`, '--secret-from'];
    const empty = await at.acme([...args, 'file:key.txt']);
    assert.equal(empty.code, 78);
    assert.match(empty.stderr, /key\.txt, which is empty/);
    const unset = await at.acme([...args, 'env:NOT_SET_HERE']);
    assert.match(
      unset.stderr,
      /env:NOT_SET_HERE, which is not set here\n.*var\/secrets\/NOT_SET_HERE/,
    );
  });

  it('wrote none of these secrets anywhere', () => {
    const written = at.written();
    for (const secret of at.secrets) assert.ok(!written.includes(secret));
  });
});
