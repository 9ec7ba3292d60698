-- What fails now of the work that beats send jobs for, round after round. It ends by itself.
create view postrider.failing_work with (security_invoker = true) as
select f.organization_id, o.name as organization, f.id, f.work, f.campaign_id, c.name as campaign,
  f.printer_name as printer, f.since, f.last_at, f.failures, f.code, f.error, w.what,
  concat_ws('; ', f.hint, w.helps) as what_helps
from postrider.work_failure f
join postrider.organization o
  on o.id = f.organization_id
left join postrider.campaign c
  on c.organization_id = f.organization_id and c.id = f.campaign_id
cross join lateral (
  select
    case
      when f.campaign_id is null and f.printer_name is null
        then 'the job ' || f.work || ' of the organization'
      else case f.work
        when 'sync' then 'the sync of campaign ' || c.name
        when 'enrich' then 'handing people of campaign ' || c.name || ' to the enricher'
        when 'collect' then 'asking the enricher of campaign ' || c.name || ' for what it found'
        when 'poll' then 'polling printer ' || f.printer_name
        when 'reconcile' then 'asking printer ' || f.printer_name
          || ' about cards of which nobody knows the outcome'
        when 'call_back' then 'calling cards back at printer ' || f.printer_name
        when 'usage_meter' then 'the usage meter of campaign ' || c.name
        when 'event_sink' then 'the event sink of campaign ' || c.name
        when 'image_cleanup' then 'removing images of campaign ' || c.name
        else f.work end end as what,
    case
      when f.campaign_id is null and f.printer_name is null
        then 'mend what the error names: nothing is lost, and it is tried again by itself'
      else case f.work
        when 'sync' then 'mend the source, or what the campaign file says of it: it is tried again '
          'by itself, or at once with: postrider sync ' || c.name
        when 'enrich' then 'is the enricher up, and are its options right? Its people wait, and '
          'are handed over by themselves'
        when 'collect' then 'is the enricher up, and are its options right? It is asked again by '
          'itself, and people go back at the deadline of their batch'
        when 'poll' then 'is the printer up, and are its options right? Its webhooks are applied '
          'all the same'
        when 'reconcile' then 'is the printer up, and are its options right? No card is sent again '
          'before it has answered'
        when 'call_back' then 'is the printer up, and are its options right? Until it answers '
          'these cards are printed and posted'
        else 'is it up, and are its options right? It is tried again by itself, and nothing '
          'counts twice' end end as helps) w;
