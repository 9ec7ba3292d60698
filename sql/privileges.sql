-- Roles, where they may be created (CREATE ROLE is cluster-wide); everything works without them.
-- Tables are the owner's: readers see them only through row-level security, and only functions
-- change them.

do $$
declare
  v_role text;
begin
  foreach v_role in array array['postrider_reader', 'postrider_operator', 'postrider_runner'] loop
    if not exists (select from pg_roles where rolname = v_role) then
      begin
        execute format('create role %I nologin', v_role);
      exception when insufficient_privilege or duplicate_object or unique_violation then
        raise notice 'role % could not be created: ask a superuser, or do without', v_role;
      end;
    end if;
  end loop;
end $$;

do $$
declare
  v_table text;
  v_partition boolean;
begin
  -- One policy for every table that is keyed by organization. The functions in it stand in
  -- sub-selects: they run once a query, not once a row. A partition has no policy: it is read
  -- through its parent.
  for v_table, v_partition in
    select t.relname, t.relispartition
    from pg_class t
    where t.relnamespace = 'postrider'::regnamespace
      and t.relkind in ('r', 'p')
      and (t.relname = 'organization'
        or exists (
          select from pg_attribute a
          where a.attrelid = t.oid
            and a.attname = 'organization_id'
            and not a.attisdropped))
    order by 1
  loop
    execute format('alter table postrider.%I enable row level security', v_table);
    if not v_partition then
      execute format(
        'create policy mine on postrider.%I '
        'using (%I = any (array(select unnest(postrider.my_organizations()))))',
        v_table, case v_table when 'organization' then 'id' else 'organization_id' end);
    end if;
  end loop;
end $$;

revoke all on all functions in schema postrider from public;
-- Each of them that is there: an owner that may not create roles may have been given one or two.
do $$
declare
  v_role text;
  v_partition text;
  v_function text;
  -- Reading: the look-ups and what they are made of.
  v_reading constant text[] := '{
    abbreviate, alarm_help, alarm_meaning, alive_runners, assumed_at, caller, doctor, email_key,
    failing_beats, find_recipients, fold, headcount, held_by, hold_details, holdout_bucket,
    household_key, local_time, my_organizations, next_at_printer, next_before_printer,
    next_when_over, next_when_sent, now, obstacle_help, obstacle_meaning, obstacle_of,
    people_in_cohorts, sees_all, standing_hold, standing_hold_details, stuck_at_enricher,
    stuck_at_printer, stuck_in_cohorts, stuck_in_error, stuck_waiting, tallied, trace,
    trace_alarms, trace_cards, trace_interventions, trace_moves, trace_requests, trimmed, why,
    why_cancelled, why_held, why_held_alone}';
  -- Operating: each of these checks the organization itself.
  v_operating constant text[] := '{
    apply_campaign, arm_printer, cancel, clear_alarm, count_opened, disarm_printer,
    end_campaign, erase, hold, launch, lift_suppression, release, replace_lost_mailpieces,
    resolve, retry, retry_all, retry_effects, retry_webhooks, suppress}';
  -- What only functions of the machine call, with the owner's rights. A caller from outside would
  -- ask nothing that they could answer.
  v_internal constant text[] := '{
    accept_mailpieces, act_as, acting, actor_is_claimed, add_counts, add_suppressions,
    admit_members, alarm_conflicting_evidence, alarm_failed_after_received,
    alarm_scanned_though_closed, alarm_unknown_statuses, assign_events, assign_to_cohorts,
    assume_received, attach_partition, back_off, beat_health, begin_refused, begin_sending,
    best_delivery_evidence, bounds_of, bring_printed_to_sent, bring_to_sent, cache_addresses,
    cancel_open_mailpieces, cancel_recipient, capped_until, card_may_exist, cards_at_printer,
    cause_summary, change_campaign, check_changed_people, check_eligibility, check_evidence,
    check_mailpieces, check_retried_people, checked_definition, clear_refused, close_campaign,
    close_cohort_if_done, close_replaced, commit_asynchronously, complete_campaigns,
    conclude_departures, confirm_deliveries, decide_not_accepted, define_printer,
    detach_partition, digest_of, duplicates_of, earlier_piece_opens, effect_causes,
    end_silent_jobs, end_silent_run, ends_of_place, enforce_caps, enqueue, enrichers_of_batches,
    erase_personal_data, fail, fail_without_mailpiece, failing_effects, first_in_place,
    follow_mailpieces, follow_source, follows_source, forget_person, forget_untried_work,
    form_cohorts, give_back, gone_from_segment, has_made_cards, has_other_open_piece,
    held_causes, history_of_all, history_of_some, housekeeping_organizations, id_of,
    is_before_printer, known_status, lock_counter, lock_for_begin, lock_for_retry,
    lock_for_sync, lock_history, lock_households, lock_key, lock_listed, lock_ready,
    lock_unknown_outcome, lost_mailpieces, mail_witnesses, mailed_since, make_campaign,
    make_event_partition, mark_rerouted, mark_unknown, match_members, move_to_terminal,
    needs_cohort, nobody_in_flight, note_intervention, notice_restore, open_enrichment_batch,
    open_listed, open_mailpieces, open_pieces_in_cohort, other_campaigns_of, parts_of_place,
    people_by_key, people_looked_at, people_to_ask, people_to_judge, pick_ready_people,
    piece_is_closed, printers_of_cohort, put_off_held, raise_mass_departure, raise_statuses,
    reap_cohorts, reap_people, record_evidence, record_evidence_for_lost, record_not_printed,
    record_printed, refresh_statistics, refuse_hold, refuse_moves, reopen_campaign,
    require_armed, require_changeable, require_given, require_launchable, require_lease,
    require_list, require_list_read, require_next_partition, require_organization, require_page,
    require_recipient, require_suitable_session, require_syncing_campaign, require_within,
    resolve_outcome, restore_signs, results_of_batch, retry_by_reason, retry_causes,
    retry_people, retry_recipient, return_refused, run_housekeeping_part, send_open_mailpieces,
    server_identity, set_hold, settle_found, settle_not_accepted, settle_not_found,
    settle_proofing, settle_unknown, skip_for_end_of_offer, stage, stage_plan, staged_state_of,
    start_delivery_window, start_proofing, stop_people, store_events, store_proofs,
    suppress_erased, suppress_person, suppress_returned, suppress_unknown_people,
    suppressed_in_cohort, suppressions_of, sync_count, take_campaign_lock, take_cohort,
    take_out_printed, try_lock_work, turn_away_before_mail, turn_away_suppressed,
    unblocked_states, unless_erased, verdict_of, waiting_effects, waiting_people,
    waiting_state_of, wake_workers, was_changed_since_begin, was_held_for}';
begin
  for v_role in
    select rolname
    from pg_roles
    where rolname in ('postrider_reader', 'postrider_operator', 'postrider_runner')
  loop
    execute format('grant usage on schema postrider to %I', v_role);
    execute format('grant select on all tables in schema postrider to %I', v_role);
    for v_partition in
      select relname
      from pg_class
      where relnamespace = 'postrider'::regnamespace
        and relkind in ('r', 'p')
        and relispartition
    loop
      execute format('revoke all on postrider.%I from %I', v_partition, v_role);
    end loop;
    if v_role = 'postrider_runner' then
      execute format('grant execute on all functions in schema postrider to %I', v_role);
      for v_function in
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace = 'postrider'::regnamespace and p.proname = any (v_internal)
      loop
        execute format('revoke execute on function %s from %I', v_function, v_role);
      end loop;
      -- A runner's workers are the queue's.
      execute format('grant usage on schema postrider_queue to %I', v_role);
      execute format(
        'grant select, insert, update, delete on all tables in schema postrider_queue to %I',
        v_role);
      execute format('grant execute on all functions in schema postrider_queue to %I', v_role);
      continue;
    end if;
    execute format(
      'revoke select on postrider.organization_key, postrider.provider_event, '
      'postrider.suppression, postrider.beat_failure from %I',
      v_role);
    for v_function in
      select p.oid::regprocedure::text
      from pg_proc p
      where p.pronamespace = 'postrider'::regnamespace
        and (p.proname = any (v_reading)
          or v_role = 'postrider_operator' and p.proname = any (v_operating))
    loop
      execute format('grant execute on function %s to %I', v_function, v_role);
    end loop;
  end loop;
end $$;
