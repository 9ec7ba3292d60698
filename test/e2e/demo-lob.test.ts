/**
 * The main job through the twin of Lob, end to end, by the real command. The judge is the twin's
 * own ledger, and the database beside it. More of it is in demo-lob-again.long.test.ts.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newLobDemo, type LobDemo } from './demo-lob-run.ts';

const rows = ['--printer', 'lob', '--rows', '60'];

describe('the demonstration through the twin of Lob', () => {
  let lob: LobDemo;
  /** What any run has said. */
  let said = '';
  let killedAt = '';
  before(async () => {
    lob = await newLobDemo();
  });
  after(async () => await lob[Symbol.asyncDispose]());

  it('is killed in mid-run and goes on: exactly one live piece for everyone who was sent one, none for anybody else', async (t) => {
    const child = lob.demo.start(...rows);
    child.stdout?.on('data', (text) => (said += String(text)));
    child.stderr?.on('data', (text) => (said += String(text)));
    const ended = once(child, 'close');
    const enough = Math.floor(Math.random() * 45);
    const made = (): number => lob.ledgerText().split('"kind":"created"').length - 1;
    while (made() <= enough) {
      assert.equal(child.exitCode, null, `it ended before it was killed: ${said}`);
      await sleep(10);
    }
    child.kill('SIGKILL');
    await ended;
    // What it had sent may be taken after its end.
    await lob.twinEnded();
    killedAt = new Date().toISOString();
    t.diagnostic(`killed with ${made()} pieces at the twin`);

    const result = await lob.demo.run(...rows);
    assert.equal(result.rows, 60);
    assert.equal(result.recipients + result.invalid + result.repeated + result.conflicting, 60);
    const { received = 0, returned = 0, sent = 0, error = 0 } = result.states;
    assert.ok(received > 40);
    assert.deepEqual([sent, error], [0, 0]);
    assert.equal(result.cards, received + returned);
    assert.equal(result.paths.manifest, join(lob.folder, 'ledger.ndjson'));
    for (const path of Object.values(result.paths)) assert.ok(existsSync(path), path);

    const { pieces } = await lob.truth();
    const live = pieces.filter(({ state }) => state === 'live');
    assert.equal(live.length, pieces.length, 'every piece that was ever made is live');
    const mailed = (await lob.people()).filter(({ state }) =>
      ['received', 'returned'].includes(state),
    );
    assert.deepEqual(
      live.map(({ metadata }) => String(metadata['recipient'])).toSorted(),
      mailed.map(({ id }) => id).toSorted(),
    );
    assert.deepEqual(
      live.map(({ metadata }) => String(metadata['mailpiece'])).toSorted(),
      mailed.map(({ piece }) => String(piece)).toSorted(),
    );
    assert.ok(live.every(({ mode, size }) => mode === 'live' && size === '4x6'));
    assert.ok(live.every(({ front, back }) => front !== null && back !== null));
  });

  it('was told of every event once, and by webhooks alone', async () => {
    const { pieces, events } = await lob.truth();
    const kept = await lob.demo.sql<{ deliveryId: string; error: string | null }[]>`
      select delivery_id as "deliveryId", error from postrider.provider_event`;
    assert.deepEqual(
      kept.filter(({ error }) => error !== null),
      [],
    );
    const came = new Set(kept.map(({ deliveryId }) => deliveryId));
    assert.equal(came.size, kept.length);
    const told = events.filter(({ webhook }) => webhook === 'taken');
    assert.ok(told.length >= 4 * pieces.length, `${told.length} of ${pieces.length} pieces`);
    assert.deepEqual(
      told.filter(({ id }) => !came.has(id)),
      [],
    );
    const byPiece = new Map(pieces.map(({ id, metadata }) => [id, metadata['mailpiece']]));
    const piecesOf = new Map(events.map(({ id, piece }) => [id, byPiece.get(piece)]));
    const applied = await lob.demo.sql<{ event: string; piece: string }[]>`
      select event_id as event, mailpiece_id as piece from postrider.mailpiece_event`;
    for (const { event, piece } of applied) assert.equal(piece, piecesOf.get(event), event);
    const delivered = await lob.demo.sql`
      select from postrider.mailpiece_event where status in ('delivered', 'returned')`;
    assert.equal(delivered.length, pieces.length);
  });

  it('kept what was asked about each piece, and neither the key nor the webhook secret anywhere', async () => {
    const { pieces } = await lob.truth();
    // What a process that was killed had asked is told by its webhooks, and by no record.
    const since = pieces.filter(({ createdAt }) => createdAt > killedAt);
    assert.deepEqual(await lob.unrecorded(since), []);

    const key = lob.secretIn('LOB_TWIN_DEMO_KEY');
    const secrets = [
      key,
      Buffer.from(`${key}:`).toString('base64').slice(0, 40),
      lob.secretIn('LOB_TWIN_DEMO_WEBHOOK_SECRET'),
    ];
    const holds = (text: string): boolean => secrets.some((secret) => text.includes(secret));
    assert.ok(!holds(said));
    const files = globSync('**/*', { cwd: lob.demo.home }).filter(
      (name) => !name.startsWith('var/secrets/') && statSync(join(lob.demo.home, name)).isFile(),
    );
    assert.ok(files.some((name) => name.endsWith('ledger.ndjson')));
    assert.deepEqual(
      files.filter((name) => holds(readFileSync(join(lob.demo.home, name), 'latin1'))),
      [],
    );
    const tables = await lob.demo.sql<{ name: string }[]>`
      select format('%I.%I', n.nspname, c.relname) as name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('postrider', 'postrider_queue') and c.relkind = 'r'`;
    assert.ok(tables.length > 30);
    for (const { name } of tables) {
      const found = await lob.demo.sql.unsafe(
        `select from ${name} t
        where exists (
          select from unnest($1::text[]) s
          where position(s in t::text) > 0
            or position(encode(s::bytea, 'hex') in t::text) > 0)`,
        [secrets],
      );
      assert.equal(found.length, 0, name);
    }
  });

  it('mails nobody twice when it is given again, and shows the connection as what it is', async () => {
    const before = await lob.truth();
    const again = await lob.demo.run(...rows);
    assert.equal(again.newCards, 0);
    assert.deepEqual((await lob.truth()).pieces, before.pieces);
    const shown = await lob.demo.postrider('connection', 'show', 'lob-twin');
    assert.match(shown, /"url":"http:\/\/127\.0\.0\.1:\d+\/v1"/);
    const { webhooks = '' } = Object.fromEntries(
      [...shown.matchAll(/^ +(\w+) +(\/\S+)$/gm)].map(([, name, value]) => [name, value]),
    );
    assert.ok(
      lob.ledgerText().includes(`${webhooks}"`),
      'the twin told its events at this address',
    );
  });
});
