/**
 * Beats and jobs done one by one, as a runner does them, watched: what is logged, what doctor says,
 * which alarms there are; and what can be done to a database.
 */
import type postgres from 'postgres';
import { connect, integrationsOf, type Integrations } from '@postrider/core';
import { runBeat } from '../../../packages/core/src/scheduling/beats.ts';
import {
  makeContext,
  type PipelineContext,
  type Wake,
} from '../../../packages/core/src/runtime/context.ts';
import { freshMachine, launched, type Machine, type Place } from '../../support/machine.ts';
import { noopPorts } from '../rig.ts';

export interface Watched extends AsyncDisposable {
  readonly machine: Machine;
  readonly sql: postgres.Sql;
  readonly context: PipelineContext;
  /** Lines of the level error, and those of info, since the last look. */
  readonly errors: () => Record<string, unknown>[];
  readonly infos: () => Record<string, unknown>[];
  /** One beat of so many seconds, done here and now; whether it failed. */
  readonly beat: (seconds: number) => Promise<boolean>;
  /** What `doctor` says of the beat house. */
  readonly doctor: (
    beat?: string,
  ) => Promise<{ verdict: string; message: string; helps: string | null }>;
  readonly alarms: () => Promise<{ id: string; meaning: string; organization: string | null }[]>;
}

/** Beats as a runner does them, one by one. */
export async function watched(
  over: {
    wake?: (what: Wake) => void;
    client?: (machine: Machine) => postgres.Sql;
    integrations?: Partial<Integrations>;
    stopping?: AbortSignal;
  } = {},
): Promise<Watched> {
  const machine = await freshMachine();
  const { sql } = machine;
  const [errors, infos]: Record<string, unknown>[][] = [[], []];
  const context = makeContext(
    {
      sql: over.client?.(machine) ?? sql,
      integrations: { ...integrationsOf(noopPorts()), ...over.integrations },
      restoreWatermark: 'not kept',
      settings: { window: 100 },
      logger: {
        debug: () => undefined,
        warn: () => undefined,
        info: (fields) => void infos?.push({ ...fields }),
        error: (fields) => void errors?.push({ ...fields }),
      },
    },
    {
      stopping: over.stopping ?? new AbortController().signal,
      wake: over.wake ?? (() => undefined),
      onBossError: () => undefined,
    },
  );
  return {
    machine,
    sql,
    context,
    errors: () => errors?.splice(0) ?? [],
    infos: () => infos?.splice(0) ?? [],
    beat: async (seconds) =>
      await runBeat(context, { seconds }).then(
        () => false,
        () => true,
      ),
    doctor: async (beat = 'house') => {
      const [row] = await sql<{ verdict: string; message: string; helps: string | null }[]>`
        select verdict, message, what_helps as helps
        from postrider.doctor()
        where check_name = ${`beat ${beat}`}`;
      return row ?? { verdict: 'none', message: '', helps: '' };
    },
    alarms: async () => [
      ...(await sql<{ id: string; meaning: string; organization: string | null }[]>`
        select id, meaning, organization_id as organization
        from postrider.alarms
        where kind = 'beat_failing'
        order by meaning`),
    ],
    async [Symbol.asyncDispose]() {
      await machine[Symbol.asyncDispose]();
    },
  };
}

export function connected(url: string): { sql: postgres.Sql } & AsyncDisposable {
  const sql = connect(url, { max: 1 });
  return { sql, [Symbol.asyncDispose]: async () => await sql.end({ timeout: 2 }) };
}

export async function bakery(sql: postgres.Sql, name: string): Promise<Place> {
  return await launched(sql, {}, name);
}

/** Every statement of this kind on this table is refused, for one organization or all. */
export async function refuse(
  sql: postgres.Sql,
  what: 'insert' | 'update' | 'delete',
  table: string,
  { organizationId }: { readonly organizationId?: string } = {},
): Promise<void> {
  const row = what === 'delete' ? 'old' : 'new';
  const condition =
    organizationId === undefined ? 'true' : `${row}.organization_id = '${organizationId}'`;
  await sql.unsafe(`create function public.refuse() returns trigger language plpgsql as $$
    begin
      if ${condition} then raise 'refused by hand' using hint = 'drop the trigger'; end if;
      return ${row};
    end $$;
    create trigger refuse before ${what} on ${table}
      for each row execute function public.refuse()`);
}
export async function allow(sql: postgres.Sql): Promise<void> {
  return void (await sql`drop function public.refuse() cascade`);
}

/**
 * Something to do for all parts of the housekeeping: cards that nobody scans, a tally, an old
 * webhook and a runner that is gone.
 */
export async function chores(sql: postgres.Sql): Promise<void> {
  await sql`
    select postrider.receive_webhook((select id from postrider.organization limit 1), 'press',
      ${crypto.randomUUID()}, '{}'::bytea)`;
  await sql`update postrider.provider_event set received_at = now() - interval '1 year'`;
  await sql`delete from postrider.waiting_webhook`;
  await sql`
    insert into postrider.runner (id, name, proof_slots, mail_slots, version, started_at, seen_at)
    values (gen_random_uuid(), 'gone', 1, 1, '0', now() - interval '3 days',
      now() - interval '2 days')`;
}
/** Of these chores, what is still to be done. */
export async function left(sql: postgres.Sql): Promise<string[]> {
  const [row] = await sql<{ left: string[] }[]>`select array_remove(array[
    case when exists (select from postrider.tally) then 'tally' end,
    case when exists (select from postrider.recipient_state where state = 'sent') then 'sent' end,
    case when exists (select from postrider.provider_event) then 'webhooks' end,
    case when exists (select from postrider.runner) then 'runners' end,
    case when to_regclass('postrider.recipient_event_'
      || to_char(postrider.now() at time zone 'UTC', 'YYYY_MM')) is null then 'partition' end
    ], null) as left`;
  return row?.left ?? [];
}

/** What is moved in a beat is folded by the next. */
export async function leftButTally(sql: postgres.Sql): Promise<string[]> {
  return (await left(sql)).filter((what) => what !== 'tally');
}
