/**
 * Campaigns that tell Klaviyo's twin of their cards, each of an organization and a connection of
 * its own, and runners of which one after the other may be killed.
 */
import { createKlaviyoSink, klaviyoAccount } from '@postrider/adapters/klaviyo';
import { Connections, ensureOrganization, type Point } from '@postrider/core';
import type { Connection, EventSink } from '@postrider/core/ports';
import { tick } from '../../../packages/core/src/machine/house.ts';
import type { PipelineContext } from '../../../packages/core/src/runtime/context.ts';
import { workEffects } from '../../../packages/core/src/stages/effects/effects.ts';
import { probeConnections } from '../../../packages/core/src/stages/house/probes.ts';
import { connected } from '../../sql/rig/connections.ts';
import { definition, launched, type Place } from '../../support/machine.ts';
import { secret } from '../../support/secrets.ts';
import { watched, type Watched } from '../house/watched.ts';

export const KEY = secret('pk_of_the_world');

/** Where a runner is killed: at a named point, or after so many requests. */
export type Kill = { readonly point: Point } | { readonly requests: number };

class Killed extends Error {
  override readonly name = 'Killed';
}

export interface KlaviyoWorld {
  readonly at: Watched;
  /** A campaign of a new organization, that is told of at this address. */
  campaign(organization: string, url: string, options?: object): Promise<Place>;
  /** What is due of an organization, to its end or to where the runner is killed. */
  work(place: Place, kill?: Kill | null): Promise<void>;
  /** Connections whose breaker is open are probed. */
  probe(): Promise<void>;
}

export async function klaviyoWorld(): Promise<KlaviyoWorld & AsyncDisposable> {
  const connections = (): Connections =>
    new Connections(at.sql, (name) => (name === 'KLAVIYO_KEY' ? KEY : undefined));
  let requestsLeft = Infinity;
  const at: Watched = await watched({
    integrations: {
      eventSink: async ({ organizationId, connectionIds, integrations }) => {
        const id = connectionIds['event_sink'] ?? '';
        const connection = await connections().of(organizationId, id);
        return mortal(sinkOf(integrations['event_sink'], connection), () => {
          requestsLeft -= 1;
          if (requestsLeft < 0) throw new Killed('in the middle of a call');
        });
      },
      connection: async (connectionId, organizationId) => ({
        kind: klaviyoAccount,
        connection: await connections().of(organizationId, connectionId),
      }),
    },
  });
  const { sql, context } = at;
  return {
    at,
    async campaign(organization, url, options = {}) {
      const organizationId = await ensureOrganization(sql, organization);
      await connected(sql, organizationId, {
        name: 'klaviyo',
        provider: 'klaviyo',
        options: { url },
        secrets: [{ purpose: 'api_key', reference: 'env:KLAVIYO_KEY' }],
      });
      const sink = { connection: 'klaviyo', profileIds: 'any', ...options };
      const integrations = { ...definition().integrations, event_sink: sink };
      return await launched(sql, { effects: ['event_sink'], integrations }, organization);
    },
    async work({ organizationId }, kill = null) {
      requestsLeft = kill !== null && 'requests' in kill ? kill.requests : Infinity;
      const point = kill !== null && 'point' in kill ? kill.point : null;
      const runner: PipelineContext = {
        ...context,
        reach: async (reached) => {
          const isOver = requestsLeft < 0 && reached === 'effects.performed';
          if (reached === point || isOver) throw new Killed(`at ${reached}`);
          await Promise.resolve();
        },
      };
      await workEffects(runner, organizationId).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      requestsLeft = Infinity;
    },
    async probe() {
      const beat = {
        id: context.runnerId,
        name: 'one',
        proofSlots: 1,
        mailSlots: 1,
        version: 'test',
        leaseMs: 60_000,
      };
      const { probes } = await tick(sql, beat, {
        graceMs: 75_000,
        quietMs: context.settings.quietMs,
        remembered: context.watermark.marks,
        probes: 9,
      });
      await probeConnections(context, probes);
    },
    async [Symbol.asyncDispose]() {
      await context.health.end();
      await context.callLog.end();
      await context.limits.end();
      await at[Symbol.asyncDispose]();
    },
  };
}

function sinkOf(entry: unknown, connection: Connection): EventSink {
  const { connection: _named, kind: _kind, ...options } = entry as Record<string, unknown>;
  const wiring = { baseDirectory: '/', dataDirectory: '/', secret: () => undefined };
  return createKlaviyoSink(options, { ...wiring, connection });
}

/** What is killed in the middle of a call sends nothing more. */
function mortal(sink: EventSink, alive: () => void): EventSink {
  return { ...sink, emit: async (items, context) => await sink.emit(items, { ...context, alive }) };
}
