/**
 * What the runners of the crash tests are plugged into: an audience made up on the spot, the
 * look-up enricher on files, nothing to render, the real adapter of the print shop, effects that
 * are written down line by line.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adapters } from '@postrider/adapters';
import { createLobPrinter } from '@postrider/adapters/lob';
import type {
  AudienceSource,
  EffectItem,
  EffectResult,
  Connection,
  Integrations,
  Member,
  Printer,
  Renderer,
} from '@postrider/core';
import { anyMedia } from '@postrider/core/ports';
import { LOB_KEY, SHOP_SECRET, SHOP_TOKEN, type RunnerConfig } from './runner-config.ts';

function addressOf(id: string) {
  return {
    line1: `1 ${id} Street`,
    line2: null,
    city: 'Oakland',
    region: 'CA',
    postalCode: '94607',
    country: 'US',
  };
}

function memberOf(id: string, row: number, emailOnly: boolean): Member {
  return {
    row,
    externalId: id,
    email: `${id}@example.com`,
    firstName: 'Ada',
    lastName: `Byron ${id}`,
    address: emailOnly ? null : addressOf(id),
    merge: {},
  };
}

/**
 * Everybody in a household of their own, every nth known by e-mail only (0: nobody):
 * `<people>:<every>:<prefix>`.
 */
const audience: AudienceSource = {
  async *members(segment, { pageSize }, context) {
    const [people = '0', every = '0', prefix = 'p'] = segment.split(':');
    for (let start = 0; start < Number(people); start += pageSize) {
      context.signal.throwIfAborted();
      const indexes = Array.from(
        { length: Math.min(pageSize, Number(people) - start) },
        (_, i) => start + i,
      );
      const members = indexes.map((i) => memberOf(`${prefix}${i}`, i + 2, i % Number(every) === 0));
      yield await Promise.resolve({ members, rejects: [], waitedMs: 0 });
    }
  },
};

const LOOKUP_FILE = 'addresses.ndjson';

/** The file in which the look-up enricher finds everybody. */
export function writeLookupFile(folder: string, people: number): void {
  const line = (id: string): string =>
    `${JSON.stringify({ email: `${id}@example.com`, ...addressOf(id) })}\n`;
  writeFileSync(
    join(folder, LOOKUP_FILE),
    Array.from({ length: people }, (_, i) => line(`p${i}`)).join(''),
  );
}

/**
 * One line per doing: a crash between the doing and the settle shows as two lines with one key,
 * which a provider would take for one.
 */
function doneIn(path: string) {
  return async (items: readonly EffectItem[]) => {
    appendFileSync(path, items.map((item) => `${item.key}\n`).join(''));
    return await Promise.resolve(items.map((): EffectResult => ({ outcome: 'done' })));
  };
}

/** An account at the twin of Lob. Of a card it gets a picture that nobody looks into. */
function lobPrinter(url: string, timeoutMs: number): Printer {
  const connection: Connection = {
    organizationId: '00000000-0000-4000-8000-000000000000',
    name: 'lob-main',
    provider: 'lob',
    mode: 'live',
    options: { url: `${url}/v1` },
    secrets: (purpose) => (purpose === 'api_key' ? [LOB_KEY] : []),
  };
  const wiring = { baseDirectory: '/', dataDirectory: '/', secret: () => undefined, connection };
  const lob = createLobPrinter({ timeoutMs, readLagMs: 0, atOnce: 3 }, wiring);
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
  const hash = 'f'.repeat(64);
  const artwork = {
    cut: async () => await Promise.resolve({ mediaType: 'image/jpeg', bytes, hash } as const),
  };
  return {
    ...lob,
    takes: anyMedia,
    submit: async (pieces, guard, context) =>
      await lob.submit(pieces, guard, { ...context, artwork }),
  };
}

export function integrationsOf(config: RunnerConfig, afterLeaseCheck: () => void): Integrations {
  const wiring = {
    baseDirectory: config.folder,
    dataDirectory: config.folder,
    secret: (name: string): string => (name.endsWith('TOKEN') ? SHOP_TOKEN : SHOP_SECRET),
  };

  const renderer = async (): Promise<Renderer> => {
    const plain = await adapters.renderer.noop.create({}, wiring);
    return {
      makes: plain.makes,
      async render(job, context) {
        if (
          config.poison !== null &&
          job.cards.some((card) => card.lastName === `Byron ${config.poison}`)
        )
          process.kill(process.pid, 'SIGKILL');
        return await plain.render(job, context);
      },
    };
  };

  const printer = async (): Promise<Printer> => {
    const { shopUrl: url, lobUrl, keys, timeoutMs } = config;
    const real =
      lobUrl !== undefined
        ? lobPrinter(lobUrl, timeoutMs)
        : await adapters.printer['print-shop'].create({ url, keys, timeoutMs }, wiring);
    return {
      ...real,
      async submit(pieces, guard, context) {
        const assertMaySend = (): void => {
          guard.assertMaySend();
          afterLeaseCheck();
        };
        return await real.submit(pieces, { assertMaySend }, context);
      },
    };
  };

  return {
    audience: async () => await Promise.resolve(audience),
    enricher: async () => ({
      name: 'lookup',
      port: await adapters.enricher.lookup.create({ path: LOOKUP_FILE }, wiring),
    }),
    renderer,
    imageHost: async () => await adapters.imageHost.noop.create({}, wiring),
    printer,
    usageMeter: async () => await Promise.resolve({ record: doneIn(join(config.folder, 'usage')) }),
    eventSink: async () => await Promise.resolve({ emit: doneIn(join(config.folder, 'events')) }),
  };
}
