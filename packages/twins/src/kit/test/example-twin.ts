/** A twin made of the kit alone: beads are counted, and who wants to know is told. */
import { join } from 'node:path';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { TwinClock, type Stamp } from '../clock.ts';
import type { TwinError } from '../errors.ts';
import { Faults, withFaults } from '../faults.ts';
import { makeFolder } from '../folders.ts';
import { Ledger } from '../ledger.ts';
import { lockFolder } from '../lock.ts';
import type { RunningTwin } from '../process.ts';
import { body, hasToken, refuse, type Env } from '../requests.ts';
import { TwinServer } from '../server.ts';
import { standardWebhook } from '../standard-webhooks.ts';
import { Webhooks } from '../webhooks.ts';

interface BeadEntry extends Stamp {
  readonly kind: 'bead' | 'delivered';
  readonly owner: string;
  readonly count: number;
}

export interface Abacus extends RunningTwin {
  readonly faults: Faults;
  readonly beads: readonly BeadEntry[];
}

export async function startAbacus(options: {
  readonly folder: string;
  readonly token: string;
  readonly secret: string;
  readonly webhook: string;
}): Promise<Abacus> {
  const { folder, token, secret, webhook } = options;
  makeFolder(folder);
  const lock = await lockFolder(join(folder, 'lock'), 'abacus');
  const clock = new TwinClock(0);
  const beads: BeadEntry[] = [];
  const delivered = new Map<string, number>();
  const broken = Promise.withResolvers<TwinError>();
  const apply = (entry: BeadEntry): void => {
    if (entry.kind === 'bead') beads.push(entry);
    else delivered.set(entry.owner, entry.count);
    clock.resume(entry);
  };
  const path = join(folder, 'ledger.ndjson');
  const words = { twin: 'abacus', entry: 'bead' };
  const ledger = await Ledger.open<BeadEntry>(path, words, apply, broken.resolve);
  const commit = async (entry: Omit<BeadEntry, keyof Stamp>): Promise<void> => {
    const whole = { ...entry, ...clock.now() };
    apply(whole);
    await ledger.append(whole);
    webhooks.wake();
  };
  const webhooks = new Webhooks<BeadEntry>(
    {
      receivers: () => new Set(beads.map(({ owner }) => owner)),
      addressOf: () => webhook,
      delivered: (owner) => delivered.get(owner) ?? 0,
      eventsAfter(owner, from) {
        const events = beads.slice(from).filter((bead) => bead.owner === owner);
        return { events, next: beads.length };
      },
      record: (owner, count) => commit({ kind: 'delivered', owner, count }),
      request: (events) => ({
        id: events.map(({ owner, count }) => `${owner}${count}`).join('-'),
        body: JSON.stringify(events),
      }),
    },
    {
      sign: standardWebhook.bind(null, secret),
      batch: 10,
      ladder: { firstPauseMs: 10, longestPauseMs: 100 },
      timeoutMs: 5_000,
      duplicates: 0,
      shuffle: false,
    },
    () => undefined,
  );
  const server = new TwinServer();
  const faults = new Faults();
  const twin = { faults, pause: (ms: number) => server.pause(ms) };
  const app = new Hono<Env>();
  app.onError((error, c) =>
    error instanceof HTTPException
      ? error.getResponse()
      : refuse(c, 500, { code: 'internal_error', message: error.message }),
  );
  app.use(async (c, next) => {
    if (!hasToken(c, token)) return refuse(c, 401, { code: 'unauthorized', message: 'No.' });
    return server.attend(next(), c.env.incoming);
  });
  app.post('/beads', async (c) => {
    const schema = z.object({ owner: z.string(), count: z.int() });
    const bead = await body(c, schema, ({ message }) => ({ code: 'bad_request', message }));
    return withFaults(c, twin, { endpoint: 'beads', subjects: [bead.owner] }, async () => {
      await commit({ kind: 'bead', ...bead });
      return c.json({ total: beads.length });
    });
  });
  await server.listen(app, 0);
  webhooks.start(() => undefined);
  return {
    url: server.url,
    ledger: 'beads',
    broken: broken.promise,
    faults,
    beads,
    async stop() {
      await server.stop(async () => {
        await webhooks.stop();
        await ledger.close();
      });
      await lock.release();
    },
  };
}
