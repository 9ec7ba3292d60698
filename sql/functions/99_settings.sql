-- How functions run: the one place that says it. Every function of the schema stands here once, in
-- its profile. A name that no function has, and a function that has no profile, fail: they would
-- run without their settings, and nothing else would tell.

do $$
declare
  v_wrong text;
  v_function regprocedure;
  v_setting text;
begin
  for v_wrong, v_function, v_setting in
    with profile (name, settings, functions) as (values
      -- These read few rows, in any plan.
      ('plain', array[
        'search_path = postrider, pg_temp'],
      '{
      act_as, add_secrets, add_suppressions, adopt_pieces, amend, amend_recipient, amended_row,
      apply_amended_page, apply_campaign, apply_events, apply_read_webhooks, apply_sync_page,
      apply_unless_locked, apply_webhooks, arm_printer, assume_received, attach_partition,
      begin_mail, begin_proof, cancel, cancel_recipient, cards_at_printer, change_campaign,
      check_watermark, claim_batch, claim_printers_to_poll, clear_alarm, close_campaign,
      close_sync, close_webhook, commit_asynchronously, conclude_restore, connection_named,
      count_amended_page, count_sync_page, define_printer, detach_partition, disarm_printer,
      drop_partitions, end_campaign, end_silent_jobs, end_silent_run, enqueue,
      ensure_organization, erase, erase_personal_data, event_partitions, events_by_printer, fail,
      fail_amend, fold_tally, follow_mailpieces, forget_person, give_back_batch, go_live, hold,
      hold_for_template, hold_refusing_printer, keep_documents, keep_emails_of_repeats,
      keep_notes, keep_other_emails, keep_unusable_events, launch, lift_suppression,
      lock_campaign, lock_connection, lock_for_begin, lock_for_partitions, lock_for_retry,
      lock_for_sync, lock_households, lock_unknown_outcome, longest_posting_time, mail_witnesses,
      make_campaign, make_connection, make_partition, make_partitions, match_events,
      mend_event_partitions, mend_partitions, misdated_partitions, note_failures, note_finding,
      note_intervention, note_limit, notice_restore, open_sync, outcomes_of_amending,
      pieces_opened_since, protect_record, put_strays_back, receive_webhook, record_not_printed,
      record_printed, refresh_statistics, refusals_of_going_live, refusals_of_launch,
      refuse_deletion, refuse_hold, refuse_moves, release, remove_connection, rename_connection,
      renew_sync, reopen_campaign, replace_lost_mailpieces, require_amending_campaign,
      require_armed, require_cancel_filter, require_changeable, require_claim_selection,
      require_connection_modes, require_connection_name, require_current_keys,
      require_launch_mode, require_launchable, require_launched, require_lease, require_limit,
      require_list_read, require_next_partition, require_no_blocker, require_organization,
      require_page, require_printer, require_printer_name_free, require_recipient,
      require_same_mode, require_segment, require_suitable_session, require_suppressible,
      require_syncing_campaign, require_whole_calls, require_whole_deliveries,
      require_whole_events, require_within, required_email_keys, required_household_key,
      reseal_secret, resolve, resolve_outcome, retry, retry_all, retry_recipient, retry_webhooks,
      return_to, rotate_secret, run_housekeeping, server_identity, set_hold, settle_batch,
      settle_call_backs, settle_mail, settle_probe, settle_proof, settle_proofing,
      settle_reconciled, settle_rendered, skip_without_enricher, stage, stage_campaigns,
      stage_plan, store_proofs, suppress, suppress_and_list, suppress_erased, suppress_person,
      take_campaign_lock, tick, try_lock_work, turn_clock, wake_after_breaker, with_connections,
      work_failed}'::text[]),
      -- These compute from their arguments alone: planned once a session, also within a caller that
      -- plans for the values at hand. There each call would plan all of them anew, which took
      -- 1.6 ms for the key of a household in place of 0.3.
      ('pure', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_generic_plan'],
      '{
      abbreviate_address, address_elsewhere, address_parts, amended_after, beside_amendments,
      breaker_after, bytes_of_hex, checked_definition, decode_punycode, end_of_line,
      end_of_street, fold_address, fold_email, household_key, id_of, keys_within,
      mark_british_flats, mark_units, mark_words, may_be_one_household, other_addresses,
      place_of_number, read_emails, read_house_number, read_others, read_unit,
      require_amendments, require_given, require_list, sealed_bytes, split_lines, split_street,
      split_units, street_before_others, unit_value, write_east_asian, write_highways,
      write_in_english, write_local_signs, write_look_alikes, write_puerto_rican, write_routes,
      write_signs, write_street}'::text[]),
      -- Once a cohort, or more often: planned once a session, and by index whatever the statistics
      -- say. They lag behind a burst of moves; to plan each call would cost more than to run it.
      ('hot', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_generic_plan',
        'enable_seqscan = off', 'enable_hashjoin = off', 'enable_mergejoin = off'],
      '{
      accept_mailpieces, alarm_conflicting_evidence, alarm_failed_after_received, alarm_pieces,
      alarm_scanned_though_closed, alarm_unknown_statuses, alarm_wrong_mode, apply_told_events,
      apply_unmatched_events, apply_whole_events, assign_events, assign_to_cohorts,
      assume_received_of, begin_sending, blank_webhooks_of_erased, bring_to_sent, check_evidence,
      check_mailpieces, claim_probes, close_webhooks, confirm_deliveries, count_days,
      count_deliveries, count_overtaken, decide_not_accepted, enforce_caps,
      fail_without_mailpiece, form_cohorts, hold_back_of_proofs, learn_windows, lock_by_printer,
      lock_counter, lock_for_track, lock_for_webhooks, lock_ready, lock_route,
      lock_unread_webhooks, make_anew, mark_rerouted, move_after_mailpieces, move_to_terminal,
      note_details, note_health, note_mismatched, note_promises, open_mailpieces, overdue_in,
      pick_ready_people, printers_of_cohort, put_off_held, raise_statuses, receive_webhooks,
      record_calls, record_evidence, renew, restore_signs, return_refused, send_open_mailpieces,
      settle_answers, settle_not_accepted, skip_for_end_of_offer, start_delivery_window,
      start_proofing, store_events, suppress_returned, suppressed_in_cohort, take_cohort,
      take_out_printed, take_slots, turn_away_before_mail, turn_away_suppressed,
      usable_slots}'::text[]),
      -- Once a statement that moves people: compares two sets of rows, however large, by hash.
      ('statement', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_generic_plan',
        'enable_nestloop = off', 'enable_hashjoin = on', 'enable_seqscan = on'],
      '{
      recipient_created, recipient_moved}'::text[]),
      -- A page, a beat, a repair: planned for the values at hand. A plan that was made while a
      -- table was empty would scan for ever.
      ('batch', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_custom_plan'],
      '{
      admit_members, ahead_of_live, amend_listed, amend_people, apply_members,
      apply_source_changes, apply_verdicts, ask_before_stopping, begin_again,
      begin_artwork_again, begin_test_again, bring_printed_to_sent, cache_addresses,
      cancel_people, cancel_some, check_changed_people, check_eligibility, check_retried_people,
      claim_call_backs, claim_effects, claim_image_cleanups, claim_unknown_mailpieces,
      claim_webhooks, close_replaced, complete_campaigns, conclude_departures, conclude_sync,
      copy_suppressions, count_opened, doctor_history, drop_older_suppressions, empty_cohorts,
      end_late_call_backs, end_test, failing_campaigns, find_recipients, give_back,
      give_back_orphans, give_up_errors, has_older_keys, hold_back, hold_failing_campaigns,
      hold_for_artwork, housekeeping_organizations, judge_addresses, judge_artwork,
      judge_before_live, judge_rounds, keep_from_mail, keep_reach, launch_preview, launch_sample,
      learn_deliveries, leave_cohorts, lock_for_call_backs, lock_for_verdicts,
      lock_free_webhooks, lock_listed, lock_people_of, lock_people_or_leave, lock_unknown,
      mark_unknown, move_amended, move_to_begin_again, next_to_cancel, note_not_called_back,
      notes_at_printer, open_enrichment_batch, open_listed, open_replacements,
      people_allowed_again, people_to_amend, postal_addresses, printers_to_call_back,
      put_off_webhooks, read_webhooks_again, ready_work, reap, reap_cohorts, reap_people,
      recognise_members, record_evidence_for_lost, record_listed, recount, rekey, rekey_people,
      rekey_preview, replay_events, require_nobody_sending, results_of_batch, retry_by_reason,
      retry_effects, retry_people, return_with_loss, rows_beside_amendments,
      run_housekeeping_part, settle_effects, settle_found, settle_image_cleanups,
      settle_not_found, settle_results, settle_unknown, skip_called_back, skip_enrichable,
      stop_before_printer, stop_or_ask, stop_people, suppress_unknown_people, switch_on_sink,
      take_read_webhooks, trace, upcoming_work, void_test_mailpieces, why, write_amendments,
      write_off_batch}'::text[]),
      -- Answers a person, among millions of rows: as above, by index, and never compiled, which
      -- takes longer than to answer.
      ('look', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_custom_plan',
        'enable_seqscan = off', 'jit = off'],
      '{
      cancel_preview, claim_pieces, claim_preview, doctor, suppressed, suppressions_asked_for,
      waiting_work}'::text[]),
      -- Parsed when it is made, so that its names are fixed, and taken up into the plan of its
      -- caller, which a function that has settings is not.
      ('inline', '{}',
      '{
      abbreviate, acting, actor_is_claimed, add_counts, address_language, address_of,
      address_terms, alarm_campaign_refused, alarm_help, alarm_meaning, alive_runners,
      amend_refused, are_removed, as_argument, assumed_at, back_off, beat, beat_health,
      begin_refused, best_delivery_evidence, bounds_of, breaker_help, breaker_meaning,
      broken_adapter, call_back_margin, caller, campaign_brief, campaigns_on_their_way,
      campaigns_to_enrich, campaigns_to_sync, cancel_class, cancel_open_mailpieces, capped_until,
      card_may_exist, cards_are_through, cards_to_mail, cause_summary, changed_fields,
      claim_piece, claimed_pieces, clear_campaign_refused, clear_connection_refused,
      close_cohort_if_done, common_address_terms, confidence_of, conflicting_row,
      connection_brief, connections_named, connections_of_other_mode, content_of, count_limit,
      count_text, deregister_runner, digest_of, doctor_alarms, doctor_beats, doctor_bloat,
      doctor_blocked_sessions, doctor_connections, doctor_default_partition,
      doctor_event_partitions, doctor_household_keys, doctor_leases, doctor_lost_mailpieces,
      doctor_oldest_transaction, doctor_overdue, doctor_restore, doctor_runners,
      doctor_tried_again, doctor_unknown_outcomes, doctor_unreachable_states, doctor_webhooks,
      doctor_work, document_lock, due, due_batches, due_effects, duplicates_of,
      earlier_piece_opens, effect_causes, email_key, email_keys, email_keys_of, endpoint_printer,
      ends_of_place, enrichers_of_batches, erase_calls, events_of_siblings, expected_days,
      failing_beats, failing_effects, faults_before_live, figures_of_launch, file_field,
      first_chance, first_in_place, fold, follows_source, forget_untried_work, gone_from_segment,
      has_made_cards, has_other_open_piece, has_siblings, headcount, heartbeat, held_by,
      held_causes, helps_not_amended, history_of_all, history_of_some, hold_details,
      holdout_bucket, household_key_parts, household_key_version, housekeeping_parts,
      is_account_out_of_use, is_another_person, is_before_printer, is_held_out, is_in_english,
      is_in_use_elsewhere, is_late_to_call_back, is_number, is_number_first, is_of_a_name,
      is_street_suffix, is_switched_off, is_to_be_recounted, is_to_call_back, is_unit_value,
      key_honoured_until, key_of_address, keyed_digest, keyed_members, kinds_with_due_effects,
      known_status, least_expected_days, least_sample, local_time, lock_key, longest_lease,
      loose_street_words, lost_mailpieces, mailed_since, matches_of_stopped, may_read_suppressed,
      merge_directionals, monthly_tables, moved_slots, my_organizations, name_key, name_on_card,
      needs_cohort, neighbourhood_digest, neighbourhood_of, new_id, new_reference,
      next_at_printer, next_before_printer, next_when_over, next_when_sent, nobody_in_flight,
      note_batch_submitted, note_caught_up, note_deliveries, note_polled, note_refused_webhook,
      notes_of_replaced, now, numbered_of, obstacle_at_printer, obstacle_help, obstacle_meaning,
      obstacle_of, obstacles_of_launch, open_pieces_in_cohort, ordinal, other_campaigns_of,
      overdue_grace, pace_of, partition_of, parts_of_place, people_at_printers, people_by_key,
      people_by_other_email, people_in_cohorts, people_looked_at, people_not_to_mail,
      people_of_events, people_to_ask, people_to_cancel, people_to_judge, people_to_mail,
      people_to_show, piece_is_closed, piece_of_provider_id, placed_members, price_text,
      printer_brief, printer_is_broken, printer_links, printer_was_released,
      printers_of_cards_on_their_way, probe_pause, raise_mass_departure, read_connection_state,
      rejected_in_a_row, rejects_of, rekey_changes, rekeyed_recipients, rekeyed_suppressions,
      restart_poll, retry_causes, retry_may_print_twice, runner_is_alive, said_address,
      said_do_not_mail, said_of_another_row, secrets_to_reseal, sees_all, set_quiet_time,
      shortened_name, shortened_names, stage_round, staged_state_of, standing_hold,
      standing_hold_details, street_kinds, street_name_words, stuck_at_enricher,
      stuck_at_printer, stuck_in_cohorts, stuck_in_error, stuck_overdue, stuck_waiting,
      suppression_entries, suppressions_of, takes_cards, tallied, test_so_far, told_row,
      trace_alarms, trace_cards, trace_interventions, trace_moves, trace_requests, trace_test,
      trimmed, turned_away, unblocked_states, unit_kind, unknown_outcomes, unless_erased,
      users_of_connection, usual_days, verdict_of, waiting_effects, waiting_people,
      waiting_places, waiting_recount, waiting_state_of, wake_workers, was_changed_since_begin,
      was_held_for, whole_name, why_amended, why_at_printer, why_cancelled, why_held,
      why_held_alone, why_not_amended, why_only_possible, why_test, why_unknown, window_basis,
      window_months, window_of, with_stopped, with_usable_addresses, without_removed, work_done,
      write_connection_state}'::text[])
    ), listed as (
      select f.name, profile.settings
      from profile
      cross join lateral unnest(profile.functions) as f (name)
    ), there as (
      select p.oid, p.proname as name, p.proconfig is not null as has_settings,
        p.prosrc like '%\\%' as has_backslash
      from pg_proc p
      where p.pronamespace = 'postrider'::regnamespace
    ), own (name, setting) as (values
      ('apply_events', 'lock_timeout = ''2s'''),
      ('apply_read_webhooks', 'lock_timeout = ''2s'''),
      ('apply_source_changes', 'lock_timeout = ''3s'''),
      ('apply_webhooks', 'lock_timeout = ''2s'''),
      ('beat_health', 'intervalstyle = postgres'), ('beat_health', 'timezone = ''UTC'''),
      ('begin_mail', 'lock_timeout = ''2s'''),
      ('begin_proof', 'lock_timeout = ''2s'''),
      ('check_mailpieces', 'enable_nestloop = on'),
      ('claim_call_backs', 'lock_timeout = ''2s'''),
      ('complete_campaigns', 'enable_seqscan = off'),
      ('conclude_departures', 'lock_timeout = ''3s'''),
      ('doctor', 'intervalstyle = postgres'), ('doctor', 'timezone = ''UTC'''),
      ('doctor_history', 'enable_seqscan = on'), ('doctor_history', 'jit = off'),
      ('due', 'enable_bitmapscan = off'), ('due', 'enable_seqscan = off'),
      ('event_partitions', 'lock_timeout = ''2s'''),
      ('has_older_keys', 'enable_seqscan = off'),
      ('housekeeping_organizations', 'enable_seqscan = off'),
      ('keep_documents', 'enable_mergejoin = off'), ('keep_documents', 'enable_seqscan = off'),
      ('keep_documents', 'plan_cache_mode = force_generic_plan'),
      ('keep_from_mail', 'lock_timeout = ''3s'''),
      ('launch_preview', 'jit = off'),
      ('launch_sample', 'enable_seqscan = off'), ('launch_sample', 'jit = off'),
      ('lock_for_webhooks', 'lock_timeout = ''2s'''),
      ('lock_households', 'enable_seqscan = off'),
      ('lock_households', 'plan_cache_mode = force_generic_plan'),
      ('lock_people_or_leave', 'lock_timeout = ''2s'''),
      ('mail_witnesses', 'enable_seqscan = off'),
      ('match_events', 'lock_timeout = ''2s'''),
      ('mend_event_partitions', 'lock_timeout = ''2s'''),
      ('misdated_partitions', 'datestyle = ''ISO'''), ('misdated_partitions', 'timezone = ''UTC'''),
      ('refresh_statistics', 'client_min_messages = error'),
      ('run_housekeeping', 'lock_timeout = ''2s'''),
      ('run_housekeeping_part', 'enable_seqscan = off'),
      ('settle_call_backs', 'lock_timeout = ''2s'''),
      ('settle_mail', 'lock_timeout = ''2s'''),
      ('settle_proof', 'lock_timeout = ''2s'''),
      ('settle_proofing', 'enable_mergejoin = off'), ('settle_proofing', 'enable_seqscan = off'),
      ('settle_proofing', 'plan_cache_mode = force_generic_plan'),
      ('settle_reconciled', 'lock_timeout = ''2s'''),
      ('settle_rendered', 'enable_mergejoin = off'), ('settle_rendered', 'enable_seqscan = off'),
      ('settle_rendered', 'plan_cache_mode = force_generic_plan'),
      ('stage_plan', 'enable_seqscan = off'),
      ('stage_plan', 'plan_cache_mode = force_generic_plan'),
      ('store_proofs', 'enable_mergejoin = off'), ('store_proofs', 'enable_seqscan = off'),
      ('store_proofs', 'plan_cache_mode = force_generic_plan'),
      ('trace', 'datestyle = ''ISO, MDY'''), ('trace', 'timezone = ''UTC''')
    )
    select wrong.what, null::regprocedure, null::text
    from (
      select there.name || ' stands in no profile'
      from there
      where there.name not in (select listed.name from listed)
      union all
      select listed.name || ' stands in two profiles'
      from listed
      group by listed.name
      having count(*) > 1
      union all
      select listed.name || ' stands in a profile, and is no function'
      from listed
      where listed.name not in (select there.name from there)
      union all
      select own.name || ' has a setting of its own, and is no function'
      from own
      where own.name not in (select there.name from there)
      union all
      select there.name || ' was given settings in another file'
      from there
      where there.has_settings
    ) wrong (what)
    union all
    select null, there.oid::regprocedure, s.setting
    from listed
    join there on there.name = listed.name
    cross join lateral (
      select unnest(listed.settings)
      union all
      select own.setting from own where own.name = listed.name
      union all
      -- A body is read when it first runs: a backslash in it means itself in every session.
      select 'standard_conforming_strings = on' where there.has_backslash) as s (setting)
  loop
    if v_wrong is not null then
      raise exception 'sql/functions/99_settings.sql: %', v_wrong
        using hint = 'every function stands in one profile there; no other file says how it runs';
    end if;
    execute format('alter function %s set %s', v_function, v_setting);
  end loop;
end $$;
