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
-- Every function stands in one of four lists. A function that stands in none of them fails here,
-- and so does a name that no function has: nobody could tell who was meant to call it. Each role
-- that is there: an owner that may not create roles may have been given one or two.
do $$
declare
  v_role text;
  v_partition text;
  v_function text;
  v_wrong text;
  -- Reading: the look-ups and what they are made of.
  v_reading constant text[] := '{
      assumed_at, caller, doctor, email_key, email_keys, failing_beats, find_recipients, fold,
      headcount, holdout_bucket, household_key, may_be_one_household, my_organizations, now,
      people_in_cohorts, read_emails, sees_all, suppressed, tallied, trace, trimmed,
      why}';
  -- What views and look-ups are made of. They are called with the reader's rights, and are no
  -- promise: they change with their view.
  v_parts constant text[] := '{
      alarm_help, alarm_meaning, alive_runners, breaker_help, breaker_meaning, broken_adapter,
      campaigns_on_their_way, connections_named, decode_punycode, expected_days, fold_email,
      held_by, hold_details, household_key_parts, is_to_be_recounted, keys_within,
      least_expected_days, least_sample, local_time, neighbourhood_of, next_at_printer,
      next_before_printer, next_when_over, next_when_sent, numbered_of, obstacle_at_printer,
      obstacle_help, obstacle_meaning, obstacle_of, overdue_grace, overdue_in, piece_is_closed,
      price_text, printer_links, rejects_of, runner_is_alive, standing_hold,
      standing_hold_details, stuck_at_enricher, stuck_at_printer, stuck_in_cohorts,
      stuck_in_error, stuck_overdue, stuck_waiting, suppression_entries, trace_alarms,
      trace_cards, trace_interventions, trace_moves, trace_requests, trace_test, usual_days,
      waiting_recount, why_amended, why_at_printer, why_cancelled, why_held, why_held_alone,
      why_only_possible, why_test, why_unknown, window_basis, window_months}';
  -- Operating: each of these checks the organization itself.
  v_operating constant text[] := '{
      amend, apply_campaign, arm_printer, cancel, cancel_people, cancel_preview, claim_pieces,
      claim_preview, clear_alarm, count_opened, disarm_printer, end_campaign, erase, go_live,
      hold, launch, launch_preview, launch_sample, lift_suppression, make_connection,
      note_finding, rekey, rekey_preview, release, remove_connection, rename_connection,
      replace_lost_mailpieces, replay_events, resolve, retry, retry_all, retry_effects,
      retry_webhooks, rotate_secret, suppress, suppress_and_list, switch_on_sink}';
  -- Running: what programs call beside these.
  v_running constant text[] := '{
      adopt_pieces, apply_amended_page, apply_events, apply_read_webhooks, apply_sync_page,
      apply_webhooks, beat, begin_mail, begin_proof, campaign_brief, campaigns_to_enrich,
      campaigns_to_sync, check_watermark, claim_batch, claim_call_backs, claim_effects,
      claim_image_cleanups, claim_printers_to_poll, claim_unknown_mailpieces, claim_webhooks,
      close_sync, close_webhook, close_webhooks, conclude_restore, connection_brief, count_limit,
      count_text, deregister_runner, doctor_alarms, doctor_beats, doctor_bloat,
      doctor_blocked_sessions, doctor_connections, doctor_default_partition,
      doctor_event_partitions, doctor_history, doctor_household_keys, doctor_leases,
      doctor_lost_mailpieces, doctor_oldest_transaction, doctor_overdue, doctor_restore,
      doctor_runners, doctor_tried_again, doctor_unknown_outcomes, doctor_unreachable_states,
      doctor_webhooks, doctor_work, due, due_batches, due_effects, endpoint_printer,
      ensure_organization, event_partitions, fold_tally, give_back_batch, give_back_orphans,
      heartbeat, hold_for_artwork, hold_for_template, hold_refusing_printer, housekeeping_parts,
      judge_addresses, keep_unusable_events, lock_for_webhooks, longest_lease,
      longest_posting_time, match_events, mend_event_partitions, misdated_partitions,
      monthly_tables, new_id, new_reference, note_batch_submitted, note_caught_up, note_failures,
      note_health, note_limit, note_polled, note_refused_webhook, open_sync, partition_of,
      people_at_printers, pieces_opened_since, printer_brief, printers_to_call_back,
      put_off_webhooks, read_connection_state, read_webhooks_again, ready_work, reap,
      receive_webhook, receive_webhooks, record_calls, renew, renew_sync, reseal_secret,
      restart_poll, run_housekeeping, secrets_to_reseal, set_quiet_time, settle_batch,
      settle_call_backs, settle_effects, settle_image_cleanups, settle_mail, settle_probe,
      settle_proof, settle_reconciled, skip_without_enricher, stage_campaigns, stage_round,
      take_slots, tick, turn_clock, upcoming_work, waiting_places, waiting_work, window_of,
      work_done, work_failed, write_connection_state}';
  -- What only functions and triggers of the machine call, with the owner's rights. A caller from
  -- outside would ask nothing that they could answer.
  v_internal constant text[] := '{
      abbreviate, abbreviate_address, accept_mailpieces, act_as, acting, actor_is_claimed,
      add_counts, add_secrets, add_suppressions, address_elsewhere, address_language, address_of,
      address_parts, address_terms, admit_members, ahead_of_live, alarm_campaign_refused,
      alarm_conflicting_evidence, alarm_failed_after_received, alarm_pieces,
      alarm_scanned_though_closed, alarm_unknown_statuses, alarm_wrong_mode, amend_listed,
      amend_people, amend_recipient, amend_refused, amended_after, amended_row, apply_members,
      apply_source_changes, apply_told_events, apply_unless_locked, apply_unmatched_events,
      apply_verdicts, apply_whole_events, are_removed, as_argument, ask_before_stopping,
      assign_events, assign_to_cohorts, assume_received, assume_received_of, attach_partition,
      back_off, beat_health, begin_again, begin_artwork_again, begin_refused, begin_sending,
      begin_test_again, beside_amendments, best_delivery_evidence, blank_webhooks_of_erased,
      bounds_of, breaker_after, bring_printed_to_sent, bring_to_sent, bytes_of_hex,
      cache_addresses, call_back_margin, cancel_class, cancel_open_mailpieces, cancel_recipient,
      cancel_some, capped_until, card_may_exist, cards_are_through, cards_at_printer,
      cards_to_mail, cause_summary, change_campaign, changed_fields, check_changed_people,
      check_eligibility, check_evidence, check_mailpieces, check_retried_people,
      checked_definition, claim_piece, claim_probes, claimed_pieces, clear_campaign_refused,
      clear_connection_refused, close_campaign, close_cohort_if_done, close_replaced,
      commit_asynchronously, common_address_terms, complete_campaigns, conclude_departures,
      conclude_sync, confidence_of, confirm_deliveries, conflicting_row, connection_named,
      connections_of_other_mode, content_of, copy_suppressions, count_amended_page, count_days,
      count_deliveries, count_overtaken, count_sync_page, decide_not_accepted, define_printer,
      detach_partition, digest_of, document_lock, drop_older_suppressions, drop_partitions,
      duplicates_of, earlier_piece_opens, effect_causes, email_keys_of, empty_cohorts,
      end_late_call_backs, end_of_line, end_of_street, end_silent_jobs, end_silent_run, end_test,
      ends_of_place, enforce_caps, enqueue, enrichers_of_batches, erase_calls,
      erase_personal_data, events_by_printer, events_of_siblings, fail, fail_amend,
      fail_without_mailpiece, failing_campaigns, failing_effects, faults_before_live,
      figures_of_launch, file_field, first_chance, first_in_place, fold_address,
      follow_mailpieces, follows_source, forget_person, forget_untried_work, form_cohorts,
      give_back, give_up_errors, gone_from_segment, has_made_cards, has_older_keys,
      has_other_open_piece, has_siblings, held_causes, helps_not_amended, history_of_all,
      history_of_some, hold_back, hold_back_of_proofs, hold_failing_campaigns,
      household_key_version, housekeeping_organizations, id_of, is_account_out_of_use,
      is_another_person, is_before_printer, is_held_out, is_in_english, is_in_use_elsewhere,
      is_late_to_call_back, is_number, is_number_first, is_of_a_name, is_street_suffix,
      is_switched_off, is_to_call_back, is_unit_value, judge_artwork, judge_before_live,
      judge_rounds, keep_documents, keep_emails_of_repeats, keep_from_mail, keep_notes,
      keep_other_emails, keep_reach, key_honoured_until, key_of_address, keyed_digest,
      keyed_members, kinds_with_due_effects, known_status, learn_deliveries, learn_windows,
      leave_cohorts, lock_by_printer, lock_campaign, lock_connection, lock_counter,
      lock_for_begin, lock_for_call_backs, lock_for_partitions, lock_for_retry, lock_for_sync,
      lock_for_track, lock_for_verdicts, lock_free_webhooks, lock_households, lock_key,
      lock_listed, lock_people_of, lock_people_or_leave, lock_ready, lock_route, lock_unknown,
      lock_unknown_outcome, lock_unread_webhooks, loose_street_words, lost_mailpieces,
      mail_witnesses, mailed_since, make_anew, make_campaign, make_partition, make_partitions,
      mark_british_flats, mark_rerouted, mark_units, mark_unknown, mark_words,
      matches_of_stopped, may_read_suppressed, mend_partitions, merge_directionals,
      move_after_mailpieces, move_amended, move_to_begin_again, move_to_terminal, moved_slots,
      name_key, name_on_card, needs_cohort, neighbourhood_digest, next_to_cancel,
      nobody_in_flight, note_deliveries, note_details, note_intervention, note_mismatched,
      note_not_called_back, note_promises, notes_at_printer, notes_of_replaced, notice_restore,
      obstacles_of_launch, open_enrichment_batch, open_listed, open_mailpieces,
      open_pieces_in_cohort, open_replacements, ordinal, other_addresses, other_campaigns_of,
      outcomes_of_amending, pace_of, parts_of_place, people_allowed_again, people_by_key,
      people_by_other_email, people_looked_at, people_not_to_mail, people_of_events,
      people_to_amend, people_to_ask, people_to_cancel, people_to_judge, people_to_mail,
      people_to_show, pick_ready_people, piece_of_provider_id, place_of_number, placed_members,
      postal_addresses, printer_is_broken, printer_was_released, printers_of_cards_on_their_way,
      printers_of_cohort, probe_pause, protect_record, put_off_held, put_strays_back,
      raise_mass_departure, raise_statuses, read_house_number, read_others, read_unit,
      reap_cohorts, reap_people, recipient_created, recipient_moved, recognise_members,
      record_evidence, record_evidence_for_lost, record_listed, record_not_printed,
      record_printed, recount, refresh_statistics, refusals_of_going_live, refusals_of_launch,
      refuse_deletion, refuse_hold, refuse_moves, rejected_in_a_row, rekey_changes, rekey_people,
      rekeyed_recipients, rekeyed_suppressions, reopen_campaign, require_amending_campaign,
      require_amendments, require_armed, require_cancel_filter, require_changeable,
      require_claim_selection, require_connection_modes, require_connection_name,
      require_current_keys, require_given, require_launch_mode, require_launchable,
      require_launched, require_lease, require_limit, require_list, require_list_read,
      require_next_partition, require_no_blocker, require_nobody_sending, require_organization,
      require_page, require_printer, require_printer_name_free, require_recipient,
      require_same_mode, require_segment, require_suitable_session, require_suppressible,
      require_syncing_campaign, require_whole_calls, require_whole_deliveries,
      require_whole_events, require_within, required_email_keys, required_household_key,
      resolve_outcome, restore_signs, results_of_batch, retry_by_reason, retry_causes,
      retry_may_print_twice, retry_people, retry_recipient, return_refused, return_to,
      return_with_loss, rows_beside_amendments, run_housekeeping_part, said_address,
      said_do_not_mail, said_of_another_row, sealed_bytes, send_open_mailpieces, server_identity,
      set_hold, settle_answers, settle_found, settle_not_accepted, settle_not_found,
      settle_proofing, settle_rendered, settle_results, settle_unknown, shortened_name,
      shortened_names, skip_called_back, skip_enrichable, skip_for_end_of_offer, split_lines,
      split_street, split_units, stage, stage_plan, staged_state_of, start_delivery_window,
      start_proofing, stop_before_printer, stop_or_ask, stop_people, store_events, store_proofs,
      street_before_others, street_kinds, street_name_words, suppress_erased, suppress_person,
      suppress_returned, suppress_unknown_people, suppressed_in_cohort, suppressions_asked_for,
      suppressions_of, take_campaign_lock, take_cohort, take_out_printed, take_read_webhooks,
      takes_cards, test_so_far, told_row, try_lock_work, turn_away_before_mail,
      turn_away_suppressed, turned_away, unblocked_states, unit_kind, unit_value,
      unknown_outcomes, unless_erased, usable_slots, users_of_connection, verdict_of,
      void_test_mailpieces, waiting_effects, waiting_people, waiting_state_of,
      wake_after_breaker, wake_workers, was_changed_since_begin, was_held_for, whole_name,
      why_not_amended, with_connections, with_stopped, with_usable_addresses, without_removed,
      write_amendments, write_east_asian, write_highways, write_in_english, write_local_signs,
      write_look_alikes, write_off_batch, write_puerto_rican, write_routes, write_signs,
      write_street}';
begin
  for v_wrong in
    select coalesce(there.name, listed.name) || case
        when listed.name is null then ' stands in no list'
        when there.name is null then ' stands in a list, and is no function'
        else ' stands in two lists'
      end
    from (
      select l.name, count(*) as times
      from unnest(v_reading || v_parts || v_operating || v_running || v_internal) as l (name)
      group by l.name
    ) listed
    full join (
      select distinct p.proname::text as name
      from pg_proc p
      where p.pronamespace = 'postrider'::regnamespace
    ) there on there.name = listed.name
    where listed.times is distinct from 1 or there.name is null
  loop
    raise exception 'sql/privileges.sql: %', v_wrong
      using hint = 'every function stands in one list there, which says who may call it';
  end loop;
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
    for v_function in
      select p.oid::regprocedure::text
      from pg_proc p
      where p.pronamespace = 'postrider'::regnamespace
        and (p.proname = any (v_reading || v_parts)
          or v_role <> 'postrider_reader' and p.proname = any (v_operating)
          or v_role = 'postrider_runner' and p.proname = any (v_running))
    loop
      execute format('grant execute on function %s to %I', v_function, v_role);
    end loop;
    if v_role = 'postrider_runner' then
      -- A runner's workers are the queue's.
      execute format('grant usage on schema postrider_queue to %I', v_role);
      execute format(
        'grant select, insert, update, delete on all tables in schema postrider_queue to %I',
        v_role);
      execute format('grant execute on all functions in schema postrider_queue to %I', v_role);
    else
      execute format(
        'revoke select on postrider.organization_key, postrider.provider_event, '
        'postrider.waiting_webhook, '
        'postrider.suppression, postrider.mailpiece_link, postrider.beat_failure, '
        'postrider.connection_secret, postrider.connection_state from %I',
        v_role);
      -- Where a secret is, and not what is sealed.
      execute format(
        'grant select (organization_id, connection_id, id, purpose, reference, key_id, added_at, '
        'retires_at) on postrider.connection_secret to %I',
        v_role);
    end if;
  end loop;
end $$;
