/**
 * The main job through the twin of Lob, end to end, by the real command. The judge is the twin's
 * own ledger, and the database beside it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lobTwinClient, startLob, type EventLine, type LobLedgerLine } from '@postrider/twins';
import { newDemo, type Demo } from './demo-run.ts';

const rows = ['--printer', 'lob', '--rows', '60'];

interface Truth {
  readonly pieces: readonly LobLedgerLine[];
  readonly events: readonly EventLine[];
}

describe('the demonstration through the twin of Lob', () => {
  let demo: Demo;
  let folder: string;
  /** What any run has said. */
  let said = '';
  let killedAt = '';
  before(async () => {
    demo = await newDemo();
    folder = join(demo.home, 'out', 'lob-twin');
  });
  after(async () => await demo[Symbol.asyncDispose]());

  const secretIn = (name: string): string =>
    readFileSync(join(demo.home, 'var', 'secrets', name), 'utf8').trim();
  const ledgerText = (): string =>
    existsSync(join(folder, 'ledger.ndjson'))
      ? readFileSync(join(folder, 'ledger.ndjson'), 'utf8')
      : '';
  /** As the twin tells it, standing still. */
  const truth = async (): Promise<Truth> => {
    const key = secretIn('LOB_TWIN_DEMO_KEY');
    const twin = await startLob({
      folder,
      keys: [key],
      webhookSecret: 'of nobody',
      daysPerSecond: 0,
      log: () => undefined,
    });
    try {
      const client = lobTwinClient(twin.url, key);
      return { pieces: await client.ledger(), events: await client.events() };
    } finally {
      await twin.stop();
    }
  };
  const people = async (): Promise<
    readonly { id: string; state: string; piece: string | null }[]
  > =>
    await demo.sql`
      select s.recipient_id as id, s.state, m.id as piece
      from postrider.recipient_state s
      left join postrider.mailpiece m on m.recipient_id = s.recipient_id
        and m.status not in ('failed', 'cancelled', 'absent')`;

  /** Pieces of which it is not kept what was asked about them. */
  const unrecorded = async (
    pieces: readonly LobLedgerLine[],
  ): Promise<readonly (string | undefined)[]> => {
    const calls = await demo.sql<{ about: string }[]>`
      select distinct unnest(about)::text as about from postrider.provider_call`;
    const asked = new Set(calls.map(({ about }) => about));
    return pieces
      .map(({ metadata }) => metadata['mailpiece'])
      .filter((mailpiece) => mailpiece === undefined || !asked.has(mailpiece));
  };

  it('is killed in mid-run and goes on: exactly one live piece for everyone who was sent one, none for anybody else', async (t) => {
    const child = demo.start(...rows);
    child.stdout?.on('data', (text) => (said += String(text)));
    child.stderr?.on('data', (text) => (said += String(text)));
    const ended = once(child, 'close');
    const enough = Math.floor(Math.random() * 45);
    const made = (): number => ledgerText().split('"kind":"created"').length - 1;
    while (made() <= enough) {
      assert.equal(child.exitCode, null, `it ended before it was killed: ${said}`);
      await sleep(10);
    }
    child.kill('SIGKILL');
    await ended;
    killedAt = new Date().toISOString();
    t.diagnostic(`killed with ${made()} pieces at the twin`);

    const result = await demo.run(...rows);
    assert.equal(result.rows, 60);
    assert.equal(result.recipients + result.invalid + result.repeated + result.conflicting, 60);
    const { received = 0, returned = 0, sent = 0, error = 0 } = result.states;
    assert.ok(received > 40);
    assert.deepEqual([sent, error], [0, 0]);
    assert.equal(result.cards, received + returned);
    assert.equal(result.paths.manifest, join(folder, 'ledger.ndjson'));
    for (const path of Object.values(result.paths)) assert.ok(existsSync(path), path);

    const { pieces } = await truth();
    const live = pieces.filter(({ state }) => state === 'live');
    assert.equal(live.length, pieces.length, 'every piece that was ever made is live');
    const mailed = (await people()).filter(({ state }) => ['received', 'returned'].includes(state));
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
    const { pieces, events } = await truth();
    const kept = await demo.sql<{ deliveryId: string; error: string | null }[]>`
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
    const applied = await demo.sql<{ event: string; piece: string }[]>`
      select event_id as event, mailpiece_id as piece from postrider.mailpiece_event`;
    for (const { event, piece } of applied) assert.equal(piece, piecesOf.get(event), event);
    const delivered = await demo.sql`
      select from postrider.mailpiece_event where status in ('delivered', 'returned')`;
    assert.equal(delivered.length, pieces.length);
  });

  it('kept what was asked about each piece, and neither the key nor the webhook secret anywhere', async () => {
    const { pieces } = await truth();
    // What a process that was killed had asked is told by its webhooks, and by no record.
    const since = pieces.filter(({ createdAt }) => createdAt > killedAt);
    assert.deepEqual(await unrecorded(since), []);

    const key = secretIn('LOB_TWIN_DEMO_KEY');
    const secrets = [
      key,
      Buffer.from(`${key}:`).toString('base64').slice(0, 40),
      secretIn('LOB_TWIN_DEMO_WEBHOOK_SECRET'),
    ];
    const holds = (text: string): boolean => secrets.some((secret) => text.includes(secret));
    assert.ok(!holds(said));
    const files = globSync('**/*', { cwd: demo.home }).filter(
      (name) => !name.startsWith('var/secrets/') && statSync(join(demo.home, name)).isFile(),
    );
    assert.ok(files.some((name) => name.endsWith('ledger.ndjson')));
    assert.deepEqual(
      files.filter((name) => holds(readFileSync(join(demo.home, name), 'latin1'))),
      [],
    );
    const tables = await demo.sql<{ name: string }[]>`
      select format('%I.%I', n.nspname, c.relname) as name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('postrider', 'postrider_queue') and c.relkind = 'r'`;
    assert.ok(tables.length > 30);
    for (const { name } of tables) {
      const found = await demo.sql.unsafe(
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
    const before = await truth();
    const again = await demo.run(...rows);
    assert.equal(again.newCards, 0);
    assert.deepEqual((await truth()).pieces, before.pieces);
    const shown = await demo.postrider('connection', 'show', 'lob-twin');
    assert.match(shown, /"url":"http:\/\/127\.0\.0\.1:\d+\/v1"/);
    const { webhooks = '' } = Object.fromEntries(
      [...shown.matchAll(/^ +(\w+) +(\/\S+)$/gm)].map(([, name, value]) => [name, value]),
    );
    assert.ok(ledgerText().includes(`${webhooks}"`), 'the twin told its events at this address');
  });

  it('sends nothing to a connection of this name that is not its own', async () => {
    if (ledgerText() === '') await demo.run('--printer', 'lob', '--rows', '10');
    const before = await truth();
    const known = async (): Promise<unknown> =>
      (await demo.sql`select count(*)::int as people from postrider.recipient`)[0]?.['people'];
    const readBefore = await known();
    // Somebody's own machine first: where the check is missing nothing leaves this one.
    for (const [options, place] of [
      ['{"url": "http://127.0.0.1:1/v1"}', 'http://127.0.0.1:1'],
      ['{"url": "https://user:pass@api.lob.com/v1"}', 'https://api.lob.com'],
      ['{}', 'lob itself'],
    ] as const) {
      await demo.sql`update postrider.connection set options = ${options}::text::jsonb`;
      await assert.rejects(demo.run('--printer', 'lob', '--rows', '80'), (error: Error) => {
        assert.match(error.message, /ended with 78:/);
        assert.ok(error.message.includes(`it is at ${place}, and the twin at http://127.0.0.1:`));
        assert.match(error.message, /Nothing was mailed/);
        return true;
      });
    }
    assert.deepEqual((await truth()).pieces, before.pieces);
    assert.equal(await known(), readBefore, 'nobody more was read');
  });

  it('says what is in the way where another program has its port', async () => {
    const { port } = JSON.parse(readFileSync(join(demo.home, 'var', 'lob-twin.json'), 'utf8')) as {
      port: number;
    };
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await assert.rejects(
        demo.run(...rows),
        new RegExp(
          `ended with 69:[\\s\\S]*Port ${port} of 127.0.0.1 is in use[\\s\\S]*Nothing was mailed`,
        ),
      );
    } finally {
      other.close();
    }
  });

  it('stands beside the demonstration of the print shop, and begins anew where it is told to', async () => {
    const shop = await demo.run('--rows', '10');
    assert.ok(shop.cards > 5, 'nobody is left out because the other has mailed them');
    const anew = await demo.run('--printer', 'lob', '--rows', '10', '--fresh', '--yes');
    assert.equal(anew.newCards, anew.cards);
    const { pieces } = await truth();
    assert.equal(pieces.length, anew.cards);
    assert.deepEqual(await unrecorded(pieces), []);
    const aside = readdirSync(join(demo.home, 'out')).map((name) => name.replace(/-20.*/, ''));
    assert.deepEqual(aside.toSorted(), ['lob-twin', 'lob-twin', 'print-shop']);
  });
});
