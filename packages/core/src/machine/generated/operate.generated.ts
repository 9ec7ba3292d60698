// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { done, interval, json, scalar, time, uuid, uuids, type Sql } from '../calls.ts';

export async function amend<Result>(
  sql: Sql,
  given: {
    readonly recipientId: string;
    readonly fields: unknown;
    readonly why?: string | null | undefined;
    readonly dryRun?: boolean | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.amend(
      p_recipient_id => ${uuid(given.recipientId, 'recipientId')},
      p_fields => ${json(given.fields)}::text::jsonb,
      p_why => ${given.why ?? null}
      ${given.dryRun === undefined ? sql`` : sql`,
      p_dry_run => ${given.dryRun}`}
    ) as result`);
}

export async function applyAmendedPage<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly token: string;
    readonly runId: string;
    readonly members: unknown;
    readonly rejects: unknown;
    readonly waitedMs?: number | undefined;
    readonly told?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.apply_amended_page(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_token => ${uuid(given.token, 'token')},
      p_run_id => ${uuid(given.runId, 'runId')},
      p_members => ${json(given.members)}::text::jsonb,
      p_rejects => ${json(given.rejects)}::text::jsonb
      ${given.waitedMs === undefined ? sql`` : sql`,
      p_waited_ms => ${given.waitedMs}`}
      ${given.told === undefined ? sql`` : sql`,
      p_told => ${given.told}`}
    ) as result`);
}

export async function applyCampaign<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly definition: unknown },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.apply_campaign(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_definition => ${json(given.definition)}::text::jsonb
    ) as result`);
}

export async function armPrinter<Result extends string | null = string>(
  sql: Sql,
  given: { readonly organizationId: string; readonly printerName: string },
): Promise<Result> {
  return await scalar<Result>(sql`select pg_catalog.to_json(postrider.arm_printer(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName}
    )) as result`);
}

export async function cancel<Result extends string | null = string>(
  sql: Sql,
  given: { readonly recipientId: string; readonly why?: string | null | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.cancel(
      p_recipient_id => ${uuid(given.recipientId, 'recipientId')},
      p_why => ${given.why ?? null}
    ) as result`);
}

export async function cancelPeople<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly filter?: unknown | undefined;
    readonly why?: string | null | undefined;
    readonly limit?: number | undefined;
    readonly after?: string | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.cancel_people(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
      ${given.filter === undefined ? sql`` : sql`,
      p_filter => ${json(given.filter)}::text::jsonb`},
      p_why => ${given.why ?? null}
      ${given.limit === undefined ? sql`` : sql`,
      p_limit => ${given.limit}`},
      p_after => ${uuid(given.after ?? null, 'after')}
    ) as result`);
}

export async function cancelPreview<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly filter?: unknown | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.cancel_preview(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
      ${given.filter === undefined ? sql`` : sql`,
      p_filter => ${json(given.filter)}::text::jsonb`}
    ) as result`);
}

export async function claimPieces<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly selection: unknown;
    readonly after?: string | null | undefined;
    readonly limit?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_pieces(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_selection => ${json(given.selection)}::text::jsonb,
      p_after => ${uuid(given.after ?? null, 'after')}
      ${given.limit === undefined ? sql`` : sql`,
      p_limit => ${given.limit}`}
    ) as result`);
}

export async function claimPreview<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly selection: unknown },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_preview(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_selection => ${json(given.selection)}::text::jsonb
    ) as result`);
}

export async function clearAlarm<Result extends string | null = string>(
  sql: Sql,
  given: { readonly alarmId: string; readonly why: string },
): Promise<Result> {
  return await scalar<Result>(sql`select pg_catalog.to_json(postrider.clear_alarm(
      p_alarm_id => ${uuid(given.alarmId, 'alarmId')},
      p_why => ${given.why}
    )) as result`);
}

export async function connectionBrief<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly connectionId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.connection_brief(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')}
    ) as result`);
}

export async function endCampaign<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly status: string;
    readonly why?: string | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.end_campaign(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_status => ${given.status},
      p_why => ${given.why ?? null}
    ) as result`);
}

export async function ensureOrganization<Result extends string | null = string>(
  sql: Sql,
  given: { readonly name: string; readonly timeZone?: string | null | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.ensure_organization(
      p_name => ${given.name},
      p_time_zone => ${given.timeZone ?? null}
    ) as result`);
}

export async function erase<Result extends string | null = string>(
  sql: Sql,
  given: { readonly recipientId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.erase(
      p_recipient_id => ${uuid(given.recipientId, 'recipientId')}
    ) as result`);
}

export async function goLive<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly why?: string | null | undefined;
    readonly arm?: boolean | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.go_live(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_why => ${given.why ?? null}
      ${given.arm === undefined ? sql`` : sql`,
      p_arm => ${given.arm}`}
    ) as result`);
}

export async function hold<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly kind: string;
    readonly id: string;
    readonly why?: string | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.hold(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_kind => ${given.kind},
      p_id => ${given.id},
      p_why => ${given.why ?? null}
    ) as result`);
}

export async function holdForArtwork<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly cohortId: string;
    readonly pieces: readonly string[];
    readonly inARow: number;
    readonly why: string;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.hold_for_artwork(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_pieces => ${uuids(given.pieces, 'pieces')}::uuid[],
      p_in_a_row => ${given.inARow},
      p_why => ${given.why}
    ) as result`);
}

export async function holdForTemplate<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly cohortId: string;
    readonly why: string;
    readonly alike: boolean;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.hold_for_template(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_why => ${given.why},
      p_alike => ${given.alike}
    ) as result`);
}

export async function holdRefusingPrinter<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly cohortId: string;
    readonly why: string;
    readonly alarm: boolean;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.hold_refusing_printer(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_why => ${given.why},
      p_alarm => ${given.alarm}
    ) as result`);
}

export async function launch<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly mode?: string | undefined;
    readonly why?: string | null | undefined;
    readonly arm?: boolean | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.launch(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
      ${given.mode === undefined ? sql`` : sql`,
      p_mode => ${given.mode}`},
      p_why => ${given.why ?? null}
      ${given.arm === undefined ? sql`` : sql`,
      p_arm => ${given.arm}`}
    ) as result`);
}

export async function launchPreview<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly mode?: string | undefined;
    readonly arm?: boolean | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.launch_preview(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
      ${given.mode === undefined ? sql`` : sql`,
      p_mode => ${given.mode}`}
      ${given.arm === undefined ? sql`` : sql`,
      p_arm => ${given.arm}`}
    ) as result`);
}

export async function launchSample<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly people?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.launch_sample(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
      ${given.people === undefined ? sql`` : sql`,
      p_people => ${given.people}`}
    ) as result`);
}

export async function makeConnection<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly id: string;
    readonly name: string;
    readonly provider: string;
    readonly mode: string;
    readonly options: unknown;
    readonly secrets: unknown;
    readonly finding?: unknown | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.make_connection(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_id => ${uuid(given.id, 'id')},
      p_name => ${given.name},
      p_provider => ${given.provider},
      p_mode => ${given.mode},
      p_options => ${json(given.options)}::text::jsonb,
      p_secrets => ${json(given.secrets)}::text::jsonb,
      p_finding => ${json(given.finding ?? null)}::text::jsonb
    ) as result`);
}

export async function noteFinding(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly finding: unknown;
  },
): Promise<void> {
  await done(sql`select postrider.note_finding(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_finding => ${json(given.finding)}::text::jsonb
    )`);
}

export async function rekey<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly next?: string | null | undefined;
    readonly limit?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.rekey(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_next => ${uuid(given.next ?? null, 'next')}
      ${given.limit === undefined ? sql`` : sql`,
      p_limit => ${given.limit}`}
    ) as result`);
}

export async function rekeyPreview<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly households?: number | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.rekey_preview(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')}
      ${given.households === undefined ? sql`` : sql`,
      p_households => ${given.households}`}
    ) as result`);
}

export async function release<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly kind: string;
    readonly id: string;
    readonly why?: string | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.release(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_kind => ${given.kind},
      p_id => ${given.id},
      p_why => ${given.why ?? null}
    ) as result`);
}

export async function removeConnection(
  sql: Sql,
  given: { readonly organizationId: string; readonly connectionId: string },
): Promise<void> {
  await done(sql`select postrider.remove_connection(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')}
    )`);
}

export async function renameConnection(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly name: string;
  },
): Promise<void> {
  await done(sql`select postrider.rename_connection(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_name => ${given.name}
    )`);
}

export async function resealSecret<Result extends boolean | null = boolean>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly id: string;
    readonly sealed: string;
    readonly keyId: string;
    readonly was: string;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.reseal_secret(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_id => ${uuid(given.id, 'id')},
      p_sealed => ${given.sealed},
      p_key_id => ${given.keyId},
      p_was => ${given.was}
    ) as result`);
}

export async function resolve<Result extends string | null = string>(
  sql: Sql,
  given: { readonly mailpieceId: string; readonly verdict: string; readonly evidence: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.resolve(
      p_mailpiece_id => ${uuid(given.mailpieceId, 'mailpieceId')},
      p_verdict => ${given.verdict},
      p_evidence => ${given.evidence}
    ) as result`);
}

export async function retry<Result extends string | null = string>(
  sql: Sql,
  given: { readonly recipientId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.retry(
      p_recipient_id => ${uuid(given.recipientId, 'recipientId')}
    ) as result`);
}

export async function retryAll<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly reason: string;
    readonly limit?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.retry_all(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_reason => ${given.reason}
      ${given.limit === undefined ? sql`` : sql`,
      p_limit => ${given.limit}`}
    ) as result`);
}

export async function retryWebhooks<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string; readonly printerName?: string | null | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.retry_webhooks(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName ?? null}
    ) as result`);
}

export async function rotateSecret<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly connectionId: string;
    readonly secret: unknown;
    readonly overlapMs?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select pg_catalog.to_json(postrider.rotate_secret(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_connection_id => ${uuid(given.connectionId, 'connectionId')},
      p_secret => ${json(given.secret)}::text::jsonb
      ${given.overlapMs === undefined ? sql`` : sql`,
      p_overlap => ${interval(given.overlapMs)}::interval`}
    )) as result`);
}

export async function secretsToReseal<Result>(
  sql: Sql,
  given: { readonly keyId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.secrets_to_reseal(
      p_key_id => ${given.keyId}
    ) as result`);
}

export async function suppress<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly email?: string | null | undefined;
    readonly externalId?: string | null | undefined;
    readonly line1?: string | null | undefined;
    readonly line2?: string | null | undefined;
    readonly postalCode?: string | null | undefined;
    readonly country?: string | undefined;
    readonly reason?: string | undefined;
    readonly source?: string | undefined;
    readonly campaignId?: string | null | undefined;
    readonly expiresAt?: string | Date | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.suppress(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_email => ${given.email ?? null},
      p_external_id => ${given.externalId ?? null},
      p_line1 => ${given.line1 ?? null},
      p_line2 => ${given.line2 ?? null},
      p_postal_code => ${given.postalCode ?? null}
      ${given.country === undefined ? sql`` : sql`,
      p_country => ${given.country}`}
      ${given.reason === undefined ? sql`` : sql`,
      p_reason => ${given.reason}`}
      ${given.source === undefined ? sql`` : sql`,
      p_source => ${given.source}`},
      p_campaign_id => ${uuid(given.campaignId ?? null, 'campaignId')},
      p_expires_at => ${time(given.expiresAt ?? null)}::text::timestamptz
    ) as result`);
}
