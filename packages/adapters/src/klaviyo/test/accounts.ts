/** An account at Klaviyo's twin, as an adapter is handed it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { contractContext, exampleEffect } from '@postrider/core/contract';
import { freePermit } from '@postrider/core/ports';
import type {
  CallContext,
  Connection,
  EffectItem,
  EffectResult,
  EventSink,
  LimitNotice,
  ProviderCall,
} from '@postrider/core/ports';
import { klaviyoTwinClient, startKlaviyo, type KlaviyoOptions } from '@postrider/twins/klaviyo';
import { after } from 'node:test';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { createKlaviyoSink } from '../index.ts';

export const KEY = 'pk_ours0123456789';

export function accountAt(
  url: string,
  {
    keys = [KEY],
    mode = 'live',
    revision = '2026-07-15',
  }: {
    readonly keys?: readonly string[];
    readonly mode?: 'test' | 'live';
    readonly revision?: string;
  } = {},
): Connection {
  return {
    organizationId: randomUUID(),
    name: 'klaviyo',
    provider: 'klaviyo',
    mode,
    options: { url, revision },
    secrets: (purpose) => (purpose === 'api_key' ? keys : []),
  };
}

export function sinkOf(connection: Connection, options: object = {}): EventSink {
  return createKlaviyoSink(options, { ...wiringAt('/'), connection });
}

/** A twin in this process, which ends with the test. */
export async function twinHere(options: Partial<KlaviyoOptions> = {}) {
  const here = await startedTwin(options);
  after(here.stop);
  return here;
}

export async function startedTwin(options: Partial<KlaviyoOptions> = {}) {
  const twin = await startKlaviyo({
    folder: await temporaryFolder(),
    keys: [KEY],
    log: () => undefined,
    ...options,
  });
  return {
    url: twin.url,
    twin: klaviyoTwinClient(twin.url, KEY),
    stop: async () => await twin.stop(),
  };
}

export function profileId(): string {
  return `01${randomBytes(12).toString('hex').toUpperCase()}`;
}

/** Of as many cards and people as asked. */
export function events(many: number, over: Partial<EffectItem> = {}): EffectItem[] {
  return Array.from({ length: many }, () => {
    const mailpieceId = randomUUID();
    const { reference } = exampleEffect();
    return exampleEffect({
      key: `${mailpieceId}:${over.status ?? 'sent'}`,
      reference: { ...reference, mailpieceId },
      externalId: profileId(),
      ...over,
    });
  });
}

export function again(items: readonly EffectItem[], attempt = 2): EffectItem[] {
  return items.map((item) => ({ ...item, attempt }));
}

/** The context of a call, and what was recorded and told of limits in it. */
export function listening(over: Partial<CallContext> = {}) {
  const calls: ProviderCall[] = [];
  const told: LimitNotice[] = [];
  const context: CallContext = {
    ...contractContext(),
    calls: { record: (call) => void calls.push(call) },
    limiter: {
      take: async (_limit, _cost, signal) => {
        signal.throwIfAborted();
        return await Promise.resolve(freePermit);
      },
      told: (_limit, notice) => void told.push(notice),
    },
    ...over,
  };
  return { calls, told, context };
}

/** By outcome; of those that come again, after how long, and whether they were tried. */
export function outcomes(results: readonly EffectResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const result of results) {
    const word =
      result.outcome === 'retry'
        ? `retry ${result.afterMs}${result.untried === true ? ' untried' : ''}`
        : result.outcome;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}
