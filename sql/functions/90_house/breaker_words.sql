-- What is said of a breaker that is open, in the same words everywhere.

-- How long a provider has failed, in words: of the connection whose breaker is open.
create function postrider.breaker_meaning(
  p_organization postrider.organization,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker
) returns text language sql stable
return format('connection %s does not work since %s: %s', p_connection.name,
  postrider.local_time(p_organization, p_breaker.since), rtrim(p_breaker.cause, '. '));

-- What is to be done about it.
create function postrider.breaker_help(
  p_organization postrider.organization,
  p_breaker postrider.connection_breaker
) returns text language sql stable
return format(
  'nothing is lost: it is probed %s, and goes on by itself when it answers. '
  'Is the provider down, or the way to it?',
  case p_breaker.state
    when 'half_open' then 'just now'
    else 'again at ' || postrider.local_time(p_organization, p_breaker.probe_at)
  end);
