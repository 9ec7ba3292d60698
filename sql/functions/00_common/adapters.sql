-- The adapters of a campaign, by the field of its file, and the accounts that they are reached by.

-- Names the connection of a campaign's adapter whose breaker is open; null where it works, or has
-- none. What asks by it waits, and is no error; nobody else does.
-- p_field: audience or enricher. Those of printers and effects are asked for with their holds.
create function postrider.broken_adapter(
  p_campaign postrider.campaign,
  p_field text
) returns uuid language sql stable
return (
  select b.connection_id
  from postrider.connection_breaker b
  where b.organization_id = p_campaign.organization_id
    and b.connection_id::text = p_campaign.integrations #>> array[p_field, 'connection']
    and b.state <> 'closed');
