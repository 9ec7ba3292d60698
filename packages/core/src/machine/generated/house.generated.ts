// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { done, interval, json, rows, scalar, time, uuid, type Sql } from '../calls.ts';

export async function adoptPieces<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly pieces: unknown;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.adopt_pieces(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_pieces => ${json(given.pieces)}::text::jsonb
    ) as result`);
}

export async function beat<
  Row extends {
    readonly reconcile: readonly string[] | null;
    readonly callBack: readonly string[] | null;
    readonly effects: readonly string[] | null;
    readonly unmatched: readonly string[] | null;
    readonly webhooks: boolean | null;
    readonly failing: boolean | null;
  },
>(
  sql: Sql,
  given: { readonly names: readonly string[]; readonly every: readonly string[] },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select reconcile, call_back as "callBack", effects, unmatched, webhooks, failing
    from postrider.beat(
      p_names => ${given.names}::text[],
      p_every => ${given.every}::text[]::interval[]
    )`);
}

export async function checkWatermark<Result>(
  sql: Sql,
  given: { readonly remembered?: unknown | null | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.check_watermark(
      p_remembered => ${json(given.remembered ?? null)}::text::jsonb
    ) as result`);
}

export async function concludeRestore<Result extends boolean | null = boolean>(
  sql: Sql,
  given: { readonly noticedAt?: string | Date | null | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.conclude_restore(
      p_noticed_at => ${time(given.noticedAt ?? null)}::text::timestamptz
    ) as result`);
}

export async function deregisterRunner(
  sql: Sql,
  given: { readonly runnerId: string },
): Promise<void> {
  await done(sql`select postrider.deregister_runner(
      p_runner_id => ${uuid(given.runnerId, 'runnerId')}
    )`);
}

export async function due<
  Row extends {
    readonly reconcile: readonly string[] | null;
    readonly callBack: readonly string[] | null;
    readonly effects: readonly string[] | null;
    readonly unmatched: readonly string[] | null;
    readonly webhooks: boolean | null;
  },
>(
  sql: Sql,
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select reconcile, call_back as "callBack", effects, unmatched, webhooks
    from postrider.due()`);
}

export async function housekeepingParts<Result extends readonly string[] | null = readonly string[]>(
  sql: Sql,
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.housekeeping_parts() as result`);
}

export async function longestPostingTime<Result extends number | null = number>(
  sql: Sql,
  given: { readonly leaseMs: number; readonly quietMs?: number | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select extract(epoch from postrider.longest_posting_time(
      p_lease => ${interval(given.leaseMs)}::interval
      ${given.quietMs === undefined ? sql`` : sql`,
      p_quiet => ${interval(given.quietMs)}::interval`}
    ))::float8 * 1000 as result`);
}

export async function noteFailures<
  Row extends {
    readonly beat: string | null;
    readonly part: string | null;
    readonly failures: number | null;
    readonly since: string | null;
    readonly isOver: boolean | null;
  },
>(
  sql: Sql,
  given: {
    readonly beats: readonly string[];
    readonly failures: unknown;
    readonly whole: boolean;
  },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select beat, part, failures, pg_catalog.to_json(since) as since, is_over as "isOver"
    from postrider.note_failures(
      p_beats => ${given.beats}::text[],
      p_failures => ${json(given.failures)}::text::jsonb,
      p_whole => ${given.whole}
    )`);
}

export async function noteHealth<
  Row extends {
    readonly organizationId: string | null;
    readonly connectionId: string | null;
    readonly state: string | null;
    readonly before: string | null;
    readonly since: string | null;
    readonly cause: string | null;
  },
>(
  sql: Sql,
  given: { readonly told: unknown; readonly most?: number | undefined },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select organization_id as "organizationId",
      connection_id as "connectionId",
      state,
      before,
      pg_catalog.to_json(since) as since,
      cause
    from postrider.note_health(
      p_told => ${json(given.told)}::text::jsonb
      ${given.most === undefined ? sql`` : sql`,
      p_most => ${given.most}`}
    )`);
}

export async function noteLimit(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly route: string;
    readonly windows: unknown;
    readonly told?: number | null | undefined;
    readonly closes?: boolean | undefined;
    readonly waitMs?: number | null | undefined;
  },
): Promise<void> {
  await done(sql`select postrider.note_limit(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_route => ${given.route},
      p_windows => ${json(given.windows)}::text::jsonb,
      p_told => ${given.told ?? null}
      ${given.closes === undefined ? sql`` : sql`,
      p_closes => ${given.closes}`},
      p_wait => ${interval(given.waitMs ?? null)}::interval
    )`);
}

export async function piecesOpenedSince<
  Row extends {
    readonly mailpieceId: string | null;
    readonly recipientId: string | null;
    readonly campaignId: string | null;
    readonly printerName: string | null;
    readonly idempotencyKey: string | null;
    readonly attempt: number | null;
    readonly openedAt: string | null;
  },
>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly since: string | Date;
    readonly after: string;
    readonly limit: number;
  },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select "mailpieceId",
      "recipientId",
      "campaignId",
      "printerName",
      "idempotencyKey",
      attempt,
      pg_catalog.to_json("openedAt") as "openedAt"
    from postrider.pieces_opened_since(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_since => ${time(given.since)}::text::timestamptz,
      p_after => ${uuid(given.after, 'after')},
      p_limit => ${given.limit}
    )`);
}

export async function readConnectionState<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly key: string;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.read_connection_state(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_key => ${given.key}
    ) as result`);
}

export async function readyWork<Result>(sql: Sql): Promise<Result> {
  return await scalar<Result>(sql`select postrider.ready_work() as result`);
}

export async function recordCalls<Result extends number | null = number>(
  sql: Sql,
  given: { readonly calls: unknown },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.record_calls(
      p_calls => ${json(given.calls)}::text::jsonb
    ) as result`);
}

export async function runHousekeeping<
  Row extends {
    readonly part: string | null;
    readonly organizations: readonly string[] | null;
    readonly code: string | null;
    readonly message: string | null;
    readonly hint: string | null;
  },
>(
  sql: Sql,
  given: {
    readonly parts?: readonly string[] | null | undefined;
    readonly keepCallsMs?: number | undefined;
  },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select part, organizations, code, message, hint
    from postrider.run_housekeeping(
      p_parts => ${given.parts ?? null}::text[]
      ${given.keepCallsMs === undefined ? sql`` : sql`,
      p_keep_calls => ${interval(given.keepCallsMs)}::interval`}
    )`);
}

export async function settleProbe<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly runnerId: string;
    readonly found: string;
    readonly cause?: string | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_probe(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_runner_id => ${uuid(given.runnerId, 'runnerId')},
      p_found => ${given.found},
      p_cause => ${given.cause ?? null}
    ) as result`);
}

export async function takeSlots<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly route: string;
    readonly windows: unknown;
    readonly most: number;
    readonly cost?: number | undefined;
    readonly unused?: readonly string[] | undefined;
    readonly late?: unknown | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.take_slots(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_route => ${given.route},
      p_windows => ${json(given.windows)}::text::jsonb,
      p_most => ${given.most}
      ${given.cost === undefined ? sql`` : sql`,
      p_cost => ${given.cost}`}
      ${given.unused === undefined ? sql`` : sql`,
      p_unused => ${given.unused}::text[]`}
      ${given.late === undefined ? sql`` : sql`,
      p_late => ${json(given.late)}::text::jsonb`}
    ) as result`);
}

export async function tick<Result>(
  sql: Sql,
  given: {
    readonly runnerId: string;
    readonly name: string;
    readonly proofSlots: number;
    readonly mailSlots: number;
    readonly version: string;
    readonly leaseMs: number;
    readonly graceMs: number;
    readonly quietMs: number;
    readonly remembered?: unknown | null | undefined;
    readonly probes?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.tick(
      p_runner_id => ${uuid(given.runnerId, 'runnerId')},
      p_name => ${given.name},
      p_proof_slots => ${given.proofSlots},
      p_mail_slots => ${given.mailSlots},
      p_version => ${given.version},
      p_lease => ${interval(given.leaseMs)}::interval,
      p_grace => ${interval(given.graceMs)}::interval,
      p_quiet => ${interval(given.quietMs)}::interval,
      p_remembered => ${json(given.remembered ?? null)}::text::jsonb
      ${given.probes === undefined ? sql`` : sql`,
      p_probes => ${given.probes}`}
    ) as result`);
}

export async function upcomingWork<
  Row extends {
    readonly people: number | null;
    readonly effects: number | null;
    readonly unknown: number | null;
    readonly firstInMs: number | null;
    readonly stepsLeft: number | null;
  },
>(
  sql: Sql,
  given: { readonly withinMs: number },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select people::float8 as people,
      effects::float8 as effects,
      unknown::float8 as unknown,
      extract(epoch from first_in)::float8 * 1000 as "firstInMs",
      steps_left::float8 as "stepsLeft"
    from postrider.upcoming_work(
      p_within => ${interval(given.withinMs)}::interval
    )`);
}

export async function waitingWork<
  Row extends {
    readonly campaign: string | null;
    readonly state: string | null;
    readonly people: number | null;
    readonly why: string | null;
    readonly until: string | null;
    readonly organization: string | null;
    readonly failing: boolean | null;
  },
>(
  sql: Sql,
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select campaign,
      state,
      people::float8 as people,
      why,
      pg_catalog.to_json(until) as until,
      organization,
      failing
    from postrider.waiting_work()`);
}

export async function workDone<
  Row extends { readonly failures: number | null; readonly since: string | null },
>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly work: string;
    readonly campaignId: string | null;
    readonly printerName: string | null;
  },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select failures, pg_catalog.to_json(since) as since
    from postrider.work_done(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_work => ${given.work},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_printer_name => ${given.printerName}
    )`);
}

export async function workFailed<
  Row extends { readonly failures: number | null; readonly since: string | null },
>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly work: string;
    readonly campaignId: string | null;
    readonly printerName: string | null;
    readonly error: string;
    readonly code?: string | null | undefined;
    readonly hint?: string | null | undefined;
  },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select failures, pg_catalog.to_json(since) as since
    from postrider.work_failed(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_work => ${given.work},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_printer_name => ${given.printerName},
      p_error => ${given.error},
      p_code => ${given.code ?? null},
      p_hint => ${given.hint ?? null}
    )`);
}

export async function writeConnectionState(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly key: string;
    readonly value: unknown;
  },
): Promise<void> {
  await done(sql`select postrider.write_connection_state(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_key => ${given.key},
      p_value => ${json(given.value)}::text::jsonb
    )`);
}
