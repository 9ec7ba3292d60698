/** People known by e-mail, and an enricher that answers as it is told to. */
import type { PipelineSettings } from '@postrider/core';
import type {
  AddressEnricher,
  AudienceSource,
  CollectBatchResult,
  EnrichRequest,
  Member,
} from '@postrider/core/ports';
import { open, type Opened } from '../rig.ts';

function known(externalId: string): Member {
  return {
    row: 1,
    externalId,
    email: `${externalId}@example.com`,
    firstName: 'Ada',
    lastName: 'B',
    address: null,
    merge: {},
  };
}
export const home = {
  line1: '1 Elm St',
  line2: null,
  city: 'Oakland',
  region: 'CA',
  postalCode: '94607',
  country: 'US',
};

export function listing(names: readonly string[]): AudienceSource {
  return {
    async *members() {
      yield await Promise.resolve({ members: names.map(known), rejects: [], waitedMs: 0 });
    },
  };
}

export async function never(): Promise<never> {
  return await new Promise(() => undefined);
}

interface Tried extends Opened {
  /** What the enricher answers from now on. */
  answers: (people: readonly EnrichRequest[]) => unknown;
  enricher: { name: string; port: AddressEnricher };
  /** Makes it. */
  made: () => Promise<{ name: string; port: AddressEnricher }>;
  /** Makes every batch due, and the deadline pass where it is said. */
  later(overdue?: boolean): Promise<void>;
  enrich(): Promise<unknown>;
}

/**
 * People known by e-mail, whose enricher has taken them and answers `pending` until it is told
 * otherwise.
 */
export async function taken(
  names: readonly string[],
  submitted: unknown = { outcome: 'accepted', providerBatchId: 'b1' },
  settings: Partial<PipelineSettings> = { adapterTimeoutMs: 100 },
): Promise<Tried> {
  let asked: readonly EnrichRequest[] = [];
  const port: AddressEnricher = {
    submit: async (_reference, people) => {
      asked = people;
      return await Promise.resolve(submitted as { outcome: 'accepted'; providerBatchId: string });
    },
    find: async () => await Promise.resolve('b1'),
    collect: async () =>
      await Promise.resolve().then(() => tried.answers(asked) as CollectBatchResult),
  };
  const enricher = { name: 'first', port };
  const place = await open({
    people: 0,
    settings,
    integrations: { enricher: async () => await tried.made() },
    ports: {
      audience: listing(names),
    },
  });
  const { organizationId, campaignId } = place.place;
  const tried: Tried = {
    ...place,
    enricher,
    made: async () => await Promise.resolve(enricher),
    answers: () => ({ outcome: 'pending' }),
    later: async (overdue = false) =>
      void (await place.sql`update postrider.enrichment_batch set next_poll_at = postrider.now(),
        deadline = case when ${overdue} then postrider.now() - interval '1 second' else deadline end
      where closed_at is null`),
    enrich: async () => await place.pipeline.enrich(organizationId, campaignId),
    [Symbol.asyncDispose]: async () => await place[Symbol.asyncDispose](),
  };
  await place.pipeline.sync(organizationId, campaignId);
  await tried.enrich().catch(() => undefined);
  return tried;
}

export async function whyOf(place: Opened): Promise<string> {
  const [row] = await place.sql<
    { detail: string | null }[]
  >`select detail from postrider.recipient_state limit 1`;
  return row?.detail ?? '';
}
