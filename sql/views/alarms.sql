-- Says what an alarm means.
create function postrider.alarm_meaning(p_alarm postrider.alarm) returns text language sql stable
return case p_alarm.kind
  when 'printed_all_the_same' then
    'the card was printed although its person had been taken out: '
    || coalesce(p_alarm.detail ->> 'reason', '')
    || case when p_alarm.detail @> '{"calledBack": true}' then
      '; the printer is asked to call it back'
    else '' end
  when 'second_provider_id' then
    'the printer names a second id for one card: it may have been printed twice'
  when 'evidence_for_closed_piece' then
    'the printer has a card that was given up, beside the one that replaced it'
  when 'evidence_for_lost_piece' then
    format('the printer has a card, %s, whose record here was lost', p_alarm.detail ->> 'told')
  when 'provider_id_of_another_piece' then
    'the printer names one id for two cards'
  when 'effect_failed' then
    format('what follows from a card failed for good: %s: %s',
      p_alarm.detail ->> 'effect', p_alarm.detail ->> 'error')
  when 'effects_off' then
    format('the %s is switched off; what follows from cards waits, and nothing is lost: %s',
      replace(p_alarm.detail ->> 'effect', '_', ' '), p_alarm.detail ->> 'error')
  when 'failed_after_received' then
    format('the printer says %s of a card whose person counts as received (%s)',
      p_alarm.detail ->> 'status', p_alarm.detail ->> 'reason')
  when 'unknown_status' then
    'the printer tells a status that nobody here knows: '
    || coalesce(p_alarm.detail ->> 'status', '')
  when 'unusable_event' then
    format('printer %s told something that cannot be used: %s',
      p_alarm.detail ->> 'printer', p_alarm.detail ->> 'reason')
  when 'mass_departure' then
    format('%s of %s people who wait would leave the segment at once: nobody was taken out',
      p_alarm.detail ->> 'leaving', p_alarm.detail ->> 'waiting')
  when 'campaign_refused' then
    'the campaign is held, and no card was lost: ' || coalesce(p_alarm.detail ->> 'why', '')
  when 'piece_mismatched' then
    format('printer %s answered for a card with another one, %s%s: cards may be mixed up%s',
      p_alarm.detail ->> 'printer',
      coalesce(p_alarm.detail ->> 'told', 'without an id'),
      coalesce(', which is mailpiece ' || (p_alarm.detail ->> 'of') || ' here', ''),
      coalesce(' (' || (p_alarm.detail ->> 'message') || ')', ''))
  when 'wrong_mode' then
    case p_alarm.detail ->> 'made'
      when 'live' then
        format('printer %s has made a card of a test LIVE, %s: it costs money, is printed and '
          'posted', p_alarm.detail ->> 'printer', p_alarm.detail ->> 'told')
      else
        format('printer %s has made a live card as a test, %s: it is not printed, '
          'though it counts as sent', p_alarm.detail ->> 'printer', p_alarm.detail ->> 'told')
    end
  when 'connection_refused' then
    format('%s is held, and no card was lost: %s',
      coalesce(
        'connection ' || (p_alarm.detail ->> 'connection'),
        'printer ' || (p_alarm.detail ->> 'printer')),
      p_alarm.detail ->> 'why')
  else p_alarm.kind
end;

-- Says what helps against what an alarm tells. p_campaign: the name of its campaign.
create function postrider.alarm_help(
  p_alarm postrider.alarm,
  p_campaign text
) returns text language sql stable
return case p_alarm.kind
  when 'printed_all_the_same' then
    format(
      case when p_alarm.detail @> '{"calledBack": true}' then
        'what becomes of it: select postrider.why(%L); then clear the alarm'
      else 'to call it back: select postrider.cancel(%L); then clear the alarm' end,
      p_alarm.recipient_id)
  when 'evidence_for_lost_piece' then
    format('where its person is at the printer still: '
      'select postrider.replace_lost_mailpieces(%L), and resolve '
      'the new mailpiece as printed; where another card would be made: '
      'select postrider.cancel(%L); then clear the alarm',
      p_alarm.organization_id, p_alarm.recipient_id)
  when 'unknown_status' then
    'nothing is lost: the event is kept; the adapter must learn the word'
  when 'unusable_event' then
    format('what was told beside it is applied; it is kept for the '
      'tables'' owner: select unusable from postrider.provider_event '
      'where organization_id = %L and id = %L. '
      'Mend the adapter, then: select postrider.retry_webhooks(%L, %L); that clears this',
      p_alarm.organization_id, p_alarm.detail ->> 'webhook',
      p_alarm.organization_id, p_alarm.detail ->> 'printer')
  when 'effect_failed' then
    format('mend the cause, then: select postrider.retry_effects(%L)', p_alarm.organization_id)
  when 'effects_off' then
    format('mend the cause, then: select postrider.switch_on_sink(%L, %L); that clears this',
      p_alarm.organization_id, p_alarm.campaign_id)
  when 'failed_after_received' then
    'ask the printer which is true; nobody is mailed again by itself; then clear the alarm'
  when 'mass_departure' then
    'look whether the source tells all of the segment: the next whole sync clears this; '
    'if it is meant: postrider sync ' || p_campaign || ' --allow-departures'
  when 'campaign_refused' then
    format('mend what the reason names '
      '(a template is read anew each time, a changed campaign file is to be applied), then: '
      'select postrider.release(%L, ''campaign'', %L); that clears this, '
      'and a release without a repair lets them fail one by one',
      p_alarm.organization_id, p_alarm.campaign_id)
  when 'piece_mismatched' then
    'the card counts as unknown, and the printer is asked for it by our reference; compare both '
    'in the printer''s console, and hold the printer where there are more of these; '
    'then clear the alarm'
  when 'wrong_mode' then
    case p_alarm.detail ->> 'made'
      when 'live' then
        format('call it back at once: select postrider.cancel(%L); its person gets no second card '
          'when the campaign goes live; ', p_alarm.recipient_id)
      else ''
    end
    || format('find out why (a key of the other mode), release printer %s or its connection '
      '(select kind, name from postrider.holds), and clear the alarm', p_alarm.detail ->> 'printer')
  when 'connection_refused' then
    format('mend what the reason names, at the printer (a key, the balance, an address), then: '
      'select postrider.release(%L, %L, %L); that clears this',
      p_alarm.organization_id,
      case when p_alarm.detail ->> 'connectionId' is null then 'printer' else 'connection' end,
      coalesce(p_alarm.detail ->> 'connectionId', p_alarm.detail ->> 'printer'))
  else
    'compare with the printer''s console; if two cards are on paper, tell the people who pay; '
    'then clear the alarm'
end;

-- What a person has to look at: what it means, and what helps.
create view postrider.alarms with (security_invoker = true) as
select a.organization_id, a.id, a.kind, a.campaign_id, a.recipient_id, a.mailpiece_id, a.detail,
  a.raised_at, c.name as campaign,
  postrider.alarm_meaning(a) as meaning,
  postrider.alarm_help(a, c.name) as what_helps
from postrider.alarm a
left join postrider.campaign c
  on c.organization_id = a.organization_id and c.id = a.campaign_id
where a.cleared_at is null
union all
-- It has no organization: a beat is the installation's. It ends by itself once the beat works
-- again.
select null, f.id, 'beat_failing', null, null, null, to_jsonb(f) - 'id', f.since, null,
  format('a part of the beat %s, %s, has failed %s times in a row: %s',
    f.beat, f.part, f.failures, f.error),
  coalesce(f.hint, 'mend what the meaning names')
  || ': nothing is lost, and this ends when the beat works again'
from postrider.failing_beats() f
where f.failures >= 3
union all
-- Nothing is written for it either: it is there as long as the work fails.
select w.organization_id, w.id, 'work_failing', w.campaign_id, null, null,
  jsonb_strip_nulls(jsonb_build_object(
    'work', w.work,
    'printer', w.printer,
    'failures', w.failures,
    'code', w.code,
    'error', w.error)),
  w.since, w.campaign,
  format('%s has failed %s times in a row: %s', w.what, w.failures, w.error),
  w.what_helps
from postrider.failing_work w
where w.failures >= 3;
