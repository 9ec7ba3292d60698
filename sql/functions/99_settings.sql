-- How functions run: the one place that says it. Every function of the schema stands here once, in
-- its profile. A test compares the catalog with these lists.

do $$
declare
  v_function regprocedure;
  v_setting text;
begin
  for v_function, v_setting in
    with profile (name, settings, functions) as (values
      -- Few rows, in any plan.
      ('plain', array[
        'search_path = postrider, pg_temp'],
      '{
      act_as, apply_campaign, arm_printer, begin_proof, blank_traces, cancel,
      check_watermark, checked_definition, clear_alarm, commit_asynchronously,
      deletion_refused, disarm_printer, end_campaign, end_silent_jobs, end_silent_run,
      enqueue, enrich_claim, erase, event_partitions, fail, fold_tally,
      fresh_statistics, hold, hold_refused, household_key, id_of, keep_house, launch,
      lift_suppression, lock_for_begin, lock_for_retry, lock_for_sync, lock_households,
      mail_witnesses, mend_event_partitions, misdated_partitions, note_failures,
      note_intervention, notice_restore, organization_named, pieces_opened_since,
      point_printer, poll_claim, posting_may_last, receive_webhook, record_kept,
      refuse_moves, release, reopen_campaign, require_given, require_lease,
      require_list, require_organization, require_page, require_recipient,
      require_suitable_session, require_syncing_campaign, require_within, resolve,
      restore_reconciled, retry, retry_webhooks, server_identity, settle_proof,
      settle_proofing, stage, stage_campaigns, stage_plan, store_proofs, suppress,
      sync_count, sync_open, sync_renew, take_campaign_lock, take_turn, tick,
      track_claim, track_done, track_unusable, turn_clock, work_failed}'::text[]),
      -- Once a cohort, or more often: planned once a session, and by index whatever the statistics
      -- say. They lag behind a burst of moves; to plan each call would cost more than to run it.
      ('hot', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_generic_plan',
        'enable_seqscan = off', 'enable_hashjoin = off', 'enable_mergejoin = off'],
      '{
      apply_events, assume_received, begin_mail, bring_to_sent, check_mailpieces,
      choose_people, follow_mailpieces, form_cohorts, keep_within_caps, lock_counter,
      lock_ready, match_events, printers_of_cohort, record_evidence, renew,
      restore_signs, return_refused, seat_people, settle_mail, settle_not_accepted,
      start_proofing, take_cohort, track_lock, turn_away_before_mail}'::text[]),
      -- Once a statement that moves people: compares two sets of rows, however large, by hash.
      ('statement', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_generic_plan',
        'enable_nestloop = off', 'enable_hashjoin = on', 'enable_seqscan = on'],
      '{
      recipient_created, recipient_moved}'::text[]),
      -- A page, a beat, a repair: planned for the values at hand. A plan that was made while a table
      -- was empty would scan for ever.
      ('batch', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_custom_plan'],
      '{
      admit_members, adopt_pieces, cancel_claim, cancel_settle, complete_campaigns,
      conclude_departures, count_opened, doctor_history, effects_claim, effects_settle,
      enrich_lost, enrich_none, enrich_orphans, enrich_settle, find_recipients,
      follow_source, give_back, house_organizations, judge, judge_changed, keep_part,
      mark_unknown, match_members, open_enrichment_batch, reap, reap_cohorts,
      reap_people, reconcile_claim, reconcile_settle, record_evidence_for_lost,
      remember_addresses, replace_lost_mailpieces, results_of_batch, retry_all,
      retry_effects, retry_people, settle_found, settle_not_found, stop_people,
      sync_close, sync_page, trace, what_comes, what_moves, why}'::text[]),
      -- Answers a person, among millions of rows: as above, by index, and never compiled, which
      -- takes longer than to answer.
      ('look', array[
        'search_path = postrider, pg_temp', 'plan_cache_mode = force_custom_plan',
        'enable_seqscan = off', 'jit = off'],
      '{
      doctor, what_waits}'::text[]),
      -- Parsed when it is made, so that its names are fixed, and taken up into the plan of whoever
      -- calls it, which one that has settings is not.
      ('inline', '{}',
      '{
      abbreviate, acting, actor_is_claimed, add_counts, assumed_at, back_off, beat,
      beat_health, begin_refused, bounds_of, caller, campaign_brief, card_may_exist,
      causes_told, clear_refused, close_cohort_if_done, counted, digest_of,
      doctor_alarms, doctor_beats, doctor_bloat, doctor_blocked_sessions,
      doctor_default_partition, doctor_event_partitions, doctor_leases,
      doctor_lost_mailpieces, doctor_oldest_transaction, doctor_restore, doctor_runners,
      doctor_tried_again, doctor_unknown_outcomes, doctor_unreachable_states,
      doctor_webhooks, doctor_work, doubles_of, drop_open_mailpieces, due, email_key,
      enrich_candidates, enrich_due, enrich_submitted, failing_beats, fold,
      follows_source, forget_untried_work, gone_from_segment, goodbye,
      has_other_open_piece, headcount, heartbeat, holdout_bucket, house_parts, lock_key,
      longest_lease, lost_mailpieces, mailed_since, most_counted, my_organizations,
      needs_cohort, new_id, new_reference, nobody_in_flight, now, open_doors,
      other_campaigns_of, people_at_printers, people_in_cohorts, people_known_as,
      people_to_ask, poll_done, printer_brief, printer_rests, raise_mass_departure,
      retry_causes, sees_all, stage_round, staged_state_of, status_told,
      suppressions_of, sync_candidates, tallied, trimmed, unless_erased, waiting_places,
      waiting_state_of, wake_workers, window_of, work_done}'::text[])
    ), own (name, setting) as (values
      ('beat_health', 'timezone = ''UTC'''),
      ('beat_health', 'intervalstyle = postgres'),
      ('begin_mail', 'lock_timeout = ''2s'''),
      ('begin_proof', 'lock_timeout = ''2s'''),
      ('check_mailpieces', 'enable_nestloop = on'),
      ('complete_campaigns', 'enable_seqscan = off'),
      ('doctor', 'intervalstyle = postgres'),
      ('doctor', 'timezone = ''UTC'''),
      ('doctor_history', 'enable_seqscan = on'),
      ('doctor_history', 'jit = off'),
      ('due', 'enable_seqscan = off'),
      ('due', 'enable_bitmapscan = off'),
      ('event_partitions', 'lock_timeout = ''2s'''),
      ('fresh_statistics', 'client_min_messages = error'),
      ('house_organizations', 'enable_seqscan = off'),
      ('keep_house', 'lock_timeout = ''2s'''),
      ('keep_part', 'enable_seqscan = off'),
      ('lock_households', 'plan_cache_mode = force_generic_plan'),
      ('lock_households', 'enable_seqscan = off'),
      ('mail_witnesses', 'enable_seqscan = off'),
      ('mend_event_partitions', 'lock_timeout = ''2s'''),
      ('misdated_partitions', 'timezone = ''UTC'''),
      ('misdated_partitions', 'datestyle = ''ISO'''),
      ('settle_mail', 'lock_timeout = ''2s'''),
      ('settle_proof', 'plan_cache_mode = force_generic_plan'),
      ('settle_proof', 'enable_seqscan = off'),
      ('settle_proof', 'enable_mergejoin = off'),
      ('settle_proof', 'lock_timeout = ''2s'''),
      ('settle_proofing', 'plan_cache_mode = force_generic_plan'),
      ('settle_proofing', 'enable_seqscan = off'),
      ('settle_proofing', 'enable_mergejoin = off'),
      ('stage_plan', 'plan_cache_mode = force_generic_plan'),
      ('stage_plan', 'enable_seqscan = off'),
      ('store_proofs', 'plan_cache_mode = force_generic_plan'),
      ('store_proofs', 'enable_seqscan = off'),
      ('store_proofs', 'enable_mergejoin = off'),
      ('trace', 'datestyle = ''ISO, MDY'''),
      ('trace', 'timezone = ''UTC''')
    )
    select p.oid::regprocedure, s.setting
    from profile
    cross join lateral unnest(profile.functions) as f (name)
    join pg_proc p on p.pronamespace = 'postrider'::regnamespace and p.proname = f.name
    cross join lateral (
      select unnest(profile.settings)
      union all
      select own.setting from own where own.name = f.name) as s (setting)
  loop
    execute format('alter function %s set %s', v_function, v_setting);
  end loop;
end $$;
