-- Roles, where they may be created (CREATE ROLE is cluster-wide); everything works without them. Tables are the owner's: readers see them only
-- through row-level security, and only functions change them.

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
  -- One policy for every table that is keyed by organization. The functions in it stand in sub-selects: they run once a query, not once a row.
  -- A partition has none: it is read through its parent.
  for v_table, v_partition in
    select t.relname, t.relispartition from pg_class t
    where t.relnamespace = 'postrider'::regnamespace and t.relkind in ('r', 'p') and (t.relname = 'organization' or exists (
      select from pg_attribute a where a.attrelid = t.oid and a.attname = 'organization_id' and not a.attisdropped))
    order by 1
  loop
    execute format('alter table postrider.%I enable row level security', v_table);
    if not v_partition then
      execute format('create policy mine on postrider.%I using (%I = any (array(select unnest(postrider.my_organizations()))))', v_table,
        case v_table when 'organization' then 'id' else 'organization_id' end);
    end if;
  end loop;
end $$;

revoke all on all functions in schema postrider from public;
-- Each of them that is there: whoever may not create roles may have been given one or two.
do $$
declare
  v_role text;
  v_partition text;
  v_function text;
  -- Reading: the look-ups and what they are made of.
  v_reading constant text[] := '{trace,why,find_recipients,doctor,now,caller,sees_all,my_organizations,trimmed,email_key,fold,household_key,abbreviate,
    holdout_bucket,assumed_at,failing_beats,people_in_cohorts,
    tallied,headcount}';
  -- Operating: each of these checks the organization itself.
  v_operating constant text[] := '{hold,release,retry,cancel,erase,resolve,suppress,lift_suppression,launch,arm_printer,disarm_printer,end_campaign,
    apply_campaign,count_opened,replace_lost_mailpieces,retry_all,clear_alarm,retry_webhooks,retry_effects}';
  -- What only functions of the machine call, with the owner's rights. Whoever calls one asks nothing that it could answer.
  v_internal constant text[] := '{bounds_of,retry_causes,causes_told,restore_signs,server_identity,mail_witnesses,house_organizations,keep_part,beat_health,forget_untried_work,act_as,acting,actor_is_claimed,add_counts,admit_members,assume_received,back_off,begin_refused,blank_traces,bring_to_sent,card_may_exist,
    check_mailpieces,checked_definition,choose_people,clear_refused,close_cohort_if_done,commit_asynchronously,complete_campaigns,conclude_departures,digest_of,doubles_of,drop_open_mailpieces,end_silent_jobs,end_silent_run,enqueue,fail,
    follow_mailpieces,follow_source,follows_source,form_cohorts,fresh_statistics,give_back,gone_from_segment,has_other_open_piece,id_of,judge,judge_changed,keep_within_caps,lock_counter,lock_for_begin,
    lock_for_retry,lock_for_sync,lock_households,lock_key,lock_ready,lost_mailpieces,mailed_since,mark_unknown,match_members,needs_cohort,nobody_in_flight,note_intervention,notice_restore,open_doors,open_enrichment_batch,other_campaigns_of,
    people_known_as,people_to_ask,point_printer,printers_of_cohort,raise_mass_departure,reap_cohorts,reap_people,record_evidence,record_evidence_for_lost,refuse_moves,remember_addresses,reopen_campaign,
    require_given,require_lease,require_list,require_organization,require_page,require_suitable_session,require_syncing_campaign,require_recipient,require_within,results_of_batch,retry_people,return_refused,seat_people,settle_found,settle_not_accepted,settle_not_found,settle_proofing,stage,stage_plan,staged_state_of,start_proofing,
    status_told,stop_people,store_proofs,suppressions_of,sync_count,take_campaign_lock,take_cohort,take_turn,turn_away_before_mail,unless_erased,waiting_state_of,wake_workers}';
begin
  for v_role in select rolname from pg_roles where rolname in ('postrider_reader', 'postrider_operator', 'postrider_runner') loop
    execute format('grant usage on schema postrider to %I', v_role);
    execute format('grant select on all tables in schema postrider to %I', v_role);
    for v_partition in
      select relname from pg_class where relnamespace = 'postrider'::regnamespace and relkind in ('r', 'p') and relispartition
    loop
      execute format('revoke all on postrider.%I from %I', v_partition, v_role);
    end loop;
    if v_role = 'postrider_runner' then
      execute format('grant execute on all functions in schema postrider to %I', v_role);
      for v_function in
        select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'postrider'::regnamespace and p.proname = any (v_internal)
      loop
        execute format('revoke execute on function %s from %I', v_function, v_role);
      end loop;
      -- A runner's workers are the queue's.
      execute format('grant usage on schema postrider_queue to %I', v_role);
      execute format('grant select, insert, update, delete on all tables in schema postrider_queue to %I', v_role);
      execute format('grant execute on all functions in schema postrider_queue to %I', v_role);
      continue;
    end if;
    execute format('revoke select on postrider.organization_key, postrider.provider_event, postrider.suppression, postrider.beat_failure from %I', v_role);
    for v_function in
      select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'postrider'::regnamespace
        and (p.proname = any (v_reading) or v_role = 'postrider_operator' and p.proname = any (v_operating))
    loop
      execute format('grant execute on function %s to %I', v_function, v_role);
    end loop;
  end loop;
end $$;
