/**
 * Settings that somebody may have given a database or a role, and a whole mailing under them: from
 * an audience to cards that were received, and what people ask about it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  createNoopPrinter,
  createNoopRenderer,
  createNoopImageHost,
} from '@postrider/adapters/noop';
import { createPipeline, integrationsOf } from '@postrider/core';
import type { AudienceSource, Member, Printer } from '@postrider/core/ports';
import { broken, launched, states } from '../../support/machine.ts';
import { connect, type Sql, type TestDatabase } from '../../support/server.ts';
import { PLANT } from './hijack-schema.ts';

export interface Hostile {
  readonly name: string;
  /** As ALTER DATABASE … SET takes it. */
  readonly value: string;
  /** The first major version that has it. */
  readonly since?: number;
}

/** What makes programs that rely on defaults wrong, slow or dead. */
export const hostile: readonly Hostile[] = [
  // How values are written.
  { name: 'datestyle', value: `'German, DMY'` },
  { name: 'datestyle', value: `'SQL, DMY'` },
  { name: 'datestyle', value: `'Postgres, MDY'` },
  { name: 'intervalstyle', value: 'iso_8601' },
  { name: 'intervalstyle', value: 'sql_standard' },
  { name: 'timezone', value: `'Asia/Kolkata'` },
  { name: 'timezone', value: `'America/St_Johns'` },
  { name: 'bytea_output', value: 'escape' },
  { name: 'extra_float_digits', value: '-15' },
  { name: 'quote_all_identifiers', value: 'on' },
  { name: 'xmlbinary', value: 'hex' },
  { name: 'client_encoding', value: 'latin1' },
  { name: 'lc_messages', value: `'C'` },
  { name: 'client_min_messages', value: 'debug1' },
  // How text is read.
  { name: 'standard_conforming_strings', value: 'off' },
  { name: 'backslash_quote', value: 'off' },
  { name: 'array_nulls', value: 'off' },
  { name: 'transform_null_equals', value: 'on' },
  { name: 'search_path', value: 'hijack, pg_catalog' },
  // What a session may do, and for how long.
  { name: 'default_transaction_isolation', value: `'serializable'` },
  { name: 'default_transaction_read_only', value: 'on' },
  { name: 'default_transaction_deferrable', value: 'on' },
  { name: 'row_security', value: 'off' },
  { name: 'exit_on_error', value: 'on' },
  { name: 'statement_timeout', value: '1' },
  { name: 'lock_timeout', value: '1' },
  { name: 'idle_in_transaction_session_timeout', value: '1' },
  { name: 'idle_session_timeout', value: '1' },
  // The first session of a client begins before its server is known.
  { name: 'transaction_timeout', value: `'5s'`, since: 17 },
  { name: 'synchronous_commit', value: 'off' },
  // How it is planned.
  { name: 'plan_cache_mode', value: 'force_generic_plan' },
  { name: 'enable_nestloop', value: 'off' },
  { name: 'enable_indexscan', value: 'off' },
  { name: 'debug_parallel_query', value: 'on', since: 16 },
  { name: 'default_tablespace', value: `'not_there'` },
  { name: 'check_function_bodies', value: 'off' },
  { name: 'plpgsql.extra_errors', value: `'all'` },
];

/** What a client that is not of connect() is refused for. */
export const refused: ReadonlySet<string> = new Set([
  'datestyle',
  'extra_float_digits',
  'standard_conforming_strings',
  'array_nulls',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'row_security',
  'exit_on_error',
]);

/** What ends sessions and statements: nobody can work by another client with so little time. */
export const limits: ReadonlySet<string> = new Set([
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
]);

/** As few groups as there are values of one setting: all that can stand together. */
export function alike(settings: readonly Hostile[]): Hostile[][] {
  const groups: Hostile[][] = [];
  for (const setting of settings) {
    const group = groups.find((one) => one.every(({ name }) => name !== setting.name));
    if (group === undefined) groups.push([setting]);
    else group.push(setting);
  }
  return groups;
}

/** Those that the server of this database knows. */
export async function known(
  database: TestDatabase,
  settings: readonly Hostile[],
): Promise<Hostile[]> {
  const admin = connect(database.adminUrl);
  try {
    const [server] = await admin<
      { major: number }[]
    >`select current_setting('server_version_num')::int / 10000 as major`;
    return settings.filter(({ since = 0 }) => (server?.major ?? 0) >= since);
  } finally {
    await admin.end({ timeout: 2 });
  }
}

function person(externalId: string, at: number | null): Member {
  return {
    row: 1,
    externalId,
    email: `${externalId}@example.com`,
    firstName: 'Ada',
    lastName: `Byron ${externalId}`,
    address:
      at === null
        ? null
        : {
            line1: `${at} Elm St`,
            line2: null,
            city: 'Oakland',
            region: 'CA',
            postalCode: '94607',
            country: 'US',
          },
    merge: { note: 'back\\slash, "NULL" and \u00e9' },
  };
}

const audience: AudienceSource = {
  async *members() {
    yield await Promise.resolve({
      members: [person('a', 1), person('b', 2), person('c', null)],
      rejects: [],
      waitedMs: 0,
    });
  },
};

/** Whose webhooks are lists of mailpieces that were delivered. */
/** A webhook of this printer. */
interface Told {
  /** Mailpieces that were delivered. */
  readonly told: readonly string[];
  readonly at: string;
}

const printer: Printer = {
  ...createNoopPrinter(),
  verifyWebhook: ({ body }) => ({
    valid: true,
    deliveryId: createHash('sha256').update(body).digest('hex'),
  }),
  parseWebhook(body) {
    const { told, at } = JSON.parse(Buffer.from(body).toString()) as Told;
    return told.map((mailpieceId) => ({
      eventId: `${mailpieceId} delivered`,
      providerId: null,
      mailpieceId,
      organizationId: null,
      status: 'delivered',
      providerStatus: 'delivered \u00e9\\',
      occurredAt: at,
      confidence: 'scan',
    }));
  },
};

/**
 * Gives a database, or the role that works in it, these settings as their default; for sessions
 * that begin from now on.
 */
export async function impose(
  database: TestDatabase,
  settings: readonly Hostile[],
  on: 'database' | 'role',
): Promise<void> {
  const admin = connect(database.adminUrl);
  try {
    const target =
      on === 'database'
        ? `database "${database.name}"`
        : `role "${new URL(database.url).username}" in database "${database.name}"`;
    if (settings.some(({ name }) => name === 'search_path')) await admin.unsafe(PLANT);
    for (const setting of settings)
      await admin.unsafe(`alter ${target} set ${setting.name} = ${setting.value}`);
  } finally {
    await admin.end({ timeout: 2 });
  }
}

/**
 * Mails three people from their audience to their letterbox by this client, and asks what people
 * ask.
 */
export async function mailThrough(sql: Sql): Promise<void> {
  const log: string[] = [];
  const note = (fields: object, message: string): void =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const place = await launched(sql, { effects: ['usage_meter'] });
  let metered = 0;
  const pipeline = createPipeline({
    sql,
    restoreWatermark: 'not kept',
    integrations: integrationsOf({
      audience,
      printer,
      renderer: createNoopRenderer(),
      imageHost: createNoopImageHost(),
      enricher: {
        name: 'finder',
        port: {
          submit: async () => await Promise.resolve({ outcome: 'accepted', providerBatchId: 'b1' }),
          find: async () => await Promise.resolve('b1'),
          collect: async () => {
            const asked = await sql<{ id: string }[]>`
              select recipient_id as id
              from postrider.recipient_state
              where state = 'address_enriching'`;
            const address = {
              line1: '3 Elm St',
              line2: null,
              city: 'Oakland',
              region: 'CA',
              postalCode: '94607',
              country: 'US',
            };
            return {
              outcome: 'done',
              results: asked.map(({ id }) => ({ recipientId: id, outcome: 'match', address })),
            };
          },
        },
      },
      usageMeter: {
        record: async (items) => {
          metered += items.length;
          return await Promise.resolve(items.map(() => ({ outcome: 'done' })));
        },
      },
    }),
    logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    settings: { beats: true, reapMs: 200 },
  });
  try {
    const { organizationId } = place;
    await pipeline.once();
    assert.deepEqual(await states(sql), { sent: 3 });
    const waits = await pipeline.waiting();
    assert.ok(
      waits.length > 0 && waits.every(({ until }) => until !== null && until > new Date()),
      JSON.stringify(waits),
    );
    const pieces = await sql<{ id: string }[]>`select id from postrider.mailpiece order by id`;
    // Of the second one no time can be read: its body goes to a runner once more.
    for (const [at, told] of [
      ['2026-05-04T12:00:00.000Z', pieces.slice(1)],
      ['at noon', pieces.slice(0, 1)],
    ] as const) {
      const webhook = { told: told.map(({ id }) => id), at, also: 'back\\slash \u00e9' };
      const body = Buffer.from(JSON.stringify(webhook));
      const request = { url: '/', headers: {}, body };
      const { outcome } = await pipeline.receiveWebhook(organizationId, 'press', request);
      assert.equal(outcome, 'stored');
    }
    await pipeline.untilIdle();
    assert.deepEqual(await states(sql), { received: 3 });
    await sql`select postrider.run_housekeeping()`;
    await sql`select postrider.reap()`;
    assert.equal(metered, 3);
    assert.deepEqual([...(await sql`select * from postrider.alarms`)], []);
    assert.deepEqual(await broken(sql), []);
  } finally {
    await pipeline.stop({ timeoutMs: 5000 });
  }
  assert.deepEqual(log, []);
}
