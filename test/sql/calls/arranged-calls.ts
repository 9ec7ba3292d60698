/**
 * Arguments of calls that need more of the world than any argument by itself can tell: somebody in
 * error, a campaign that nobody reads, a month without a partition.
 */
import type postgres from 'postgres';
import { definition } from '../../support/machine.ts';
import { one, place, runOpened } from '../rig.ts';
import { oneOff } from '../rig/campaigns.ts';
import { connected } from '../rig/connections.ts';
import { arranged } from '../rig/people-in-each-state.ts';

/** By the function's name: what stands between its brackets. */
export async function arrangedCalls(
  sql: postgres.Sql,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const unread = await place(sql);
  const [o, c] = [unread.organizationId, unread.campaignId];
  const rejected = await firstOf(sql, 'error, rejected');
  const unknown = await firstOf(sql, 'error, outcome unknown');
  const waits = (await one(sql, await arranged(sql, 'pending'))).id;
  const list = await oneOff(sql);
  const amending = await runOpened(sql, list, 'amend');
  const reading = await place(sql);
  const [run] = await sql<{ run_id: string; token: string }[]>`
    select run_id, token
    from postrider.open_sync(${reading.organizationId}, ${reading.campaignId}, 'manual', 'test')`;
  const page = `'${reading.organizationId}', '${reading.campaignId}', '${run?.token}'`;
  await sql`select postrider.hold(${reading.organizationId}, 'organization', null)`;
  await sql`select postrider.receive_webhook(${o}, 'press', 'odd', ${Buffer.from('{}')})`;
  const webhook = `(select id from postrider.provider_event where organization_id = '${o}')`;
  const off = await place(sql);
  await sql`
    insert into postrider.effect_failure (
      organization_id, campaign_id, kind, since, last_at, error, off_at)
    values (${off.organizationId}, ${off.campaignId}, 'event_sink', now(), now(), 'busy', now())`;
  const campaign = `(select n from postrider.campaign n where id = '${c}')`;
  const piece = `(select m from postrider.mailpiece m where id = '${unknown.mailpieceId}')`;
  const account = (await connected(sql, o)).connectionId;
  const unused = (await connected(sql, o, { name: 'unused' })).connectionId;
  const limit = `'${o}', '${account}', 'GET /', '[{"requests": 1, "ms": 1}]'`;
  const secret = JSON.stringify({ purpose: 'api_key', reference: 'env:KEY' });
  return {
    connection_named: [`'${o}', 'printer', '${account}'`],
    lock_route: [`'${o}', '${account}', 'GET /'`],
    note_health: [`'[{"organizationId": "${o}", "connectionId": "${account}", "failures": 9}]'`],
    note_limit: [limit],
    require_limit: [`'[{"requests": 1, "ms": 1}]'`],
    settle_probe: [`'${o}', '${account}', gen_random_uuid(), 'answered'`],
    take_slots: [`${limit}, 1`],
    lock_connection: [`'${o}', '${account}'`],
    make_connection: [`'${o}', gen_random_uuid(), 'made', 'lob', 'test', '{}', '[${secret}]'`],
    note_finding: [`'${o}', '${account}', '{"outcome": "refused"}'`],
    remove_connection: [`'${o}', '${unused}'`],
    rename_connection: [`'${o}', '${account}', 'renamed'`],
    rotate_secret: [`'${o}', '${account}', '${secret}'`],
    add_counts: [`'{"sent": 1}', '{"sent": 2}'`],
    claim_pieces: [`'${o}', '{"campaignId": "${c}"}'`],
    claim_preview: [`'${o}', '{"campaignId": "${c}"}'`],
    require_claim_selection: [`'${o}', '{"campaignId": "${c}"}'`],
    amend: [`'${waits}', '{"city": "Berkeley"}'`],
    switch_on_sink: [`'${off.organizationId}', '${off.campaignId}'`],
    amend_recipient: [`'${waits}', '{"city": "Albany"}', 'why'`],
    amend_listed: [
      `'${list.organizationId}', '${list.campaignId}', '${amending.token}', '${amending.runId}',
        '[]', '[]', 0`,
    ],
    apply_amended_page: [
      `'${list.organizationId}', '${list.campaignId}', '${amending.token}', '${amending.runId}',
        '[]', '[]'`,
    ],
    count_amended_page: [
      `'${list.organizationId}', '${amending.runId}', '[]', '[]', '[]', 0, '[]', '[]', '{}', 0`,
    ],
    require_amending_campaign: [`'${list.organizationId}', '${list.campaignId}'`],
    require_segment: [campaign],
    require_amendments: [`'{"city": "Berkeley"}'`],
    close_campaign: [`'${o}', '${c}', 'completed', 'done'`],
    define_printer: [`'${o}', 'another', '{"kind": "noop"}', false`],
    enforce_caps: [`${campaign}, gen_random_uuid(), postrider.now(), 'UTC'`],
    enqueue: [`'mail', array[gen_random_uuid()], array['{}'::jsonb]`],
    lock_unknown_outcome: [piece],
    make_campaign: [`'${o}', '${JSON.stringify(definition({ name: 'another' }))}'`],
    settle_reconciled: [`'${unknown.organizationId}', '[]'`],
    people_to_mail: [`'${o}', '${c}', postrider.now(), postrider.now(), null`],
    record_printed: [`${piece}, null`],
    release: [`'${reading.organizationId}', 'organization', null`],
    require_launched: [`(select n from postrider.campaign n where id = '${reading.campaignId}')`],
    require_list: [`'a list', 'array'`],
    require_next_partition: [`postrider.now()`],
    require_page: [`${campaign}, '[]', '[]', 0`],
    resolve: [`'${unknown.mailpieceId}', 'not_printed', 'asked them'`],
    resolve_outcome: [`'${unknown.mailpieceId}', 'not_printed', 'asked them'`],
    retry: [`'${rejected.recipientId}'`],
    retry_recipient: [`'${rejected.recipientId}'`],
    lock_for_partitions: [`'provider_call', true`],
    make_partition: [`'provider_call', 'started_at', '2031-01-01'`],
    make_partitions: [`'provider_call', 'started_at', 3`],
    mend_partitions: [`'provider_call', 'started_at'`],
    run_housekeeping_part: [`'fold_tally', array['${o}'::uuid], '1 day'`],
    count_sync_page: [
      `'${reading.organizationId}', '${run?.run_id}', 0, 0, 0, 0, 0, '{}', '{}', '[]', '[]', 0`,
    ],
    open_sync: [`'${o}', '${c}', 'manual', 'test'`],
    apply_members: [
      `'${reading.organizationId}', '${reading.campaignId}', '${run?.run_id}', '[]', '[]', 0`,
    ],
    apply_sync_page: [`${page}, '${run?.run_id}', '[]', '[]'`],
    receive_webhooks: [`'${o}', 'press', '{another}', '{}', '{2}'`],
    require_whole_deliveries: [`'{another}', '{}', '{2}'`],
    bytes_of_hex: [`'00'`],
    keep_unusable_events: [`'${o}', ${webhook}, '[]', 0`],
    work_failed: [`'${o}', 'sync', '${c}', null, 'it failed'`],
  };
}

/** Somebody who was brought into that state, with the card. */
async function firstOf(
  sql: postgres.Sql,
  state: string,
): Promise<{ organizationId: string; recipientId: string; mailpieceId: string }> {
  const { organizationId } = await arranged(sql, state);
  const [row] = await sql<{ recipientId: string; mailpieceId: string }[]>`
    select recipient_id as "recipientId", id as "mailpieceId"
    from postrider.mailpiece
    where organization_id = ${organizationId}
    limit 1`;
  return {
    organizationId,
    recipientId: row?.recipientId ?? '',
    mailpieceId: row?.mailpieceId ?? '',
  };
}
