-- Refuses a session in which the machine's promises do not hold.
--
-- A function that locks first and checks in a later statement must see there what others committed
-- meanwhile. With one snapshot for the whole transaction the lock is of no use: two campaigns
-- would take one household. In a session that replicates no trigger fires: moves would be neither
-- checked nor recorded. Where nothing can be written, the server would say so of some statement of
-- ours, and would not say what helps.
create function postrider.require_suitable_session() returns void language plpgsql stable as $$
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform postrider.fail(
      'PR023',
      format('this transaction is %s', current_setting('transaction_isolation')),
      'Postrider works read committed: '
      'set default_transaction_isolation = ''read committed'', or begin the transaction so; '
      'nothing was changed');
  end if;
  if current_setting('session_replication_role') = 'replica' then
    perform postrider.fail(
      'PR023',
      'this session replicates (session_replication_role): '
      'moves would be neither checked nor recorded',
      'set session_replication_role = origin; nothing was changed');
  end if;
  if current_setting('transaction_read_only') = 'on' then
    perform postrider.fail(
      'PR023',
      'this transaction is read-only',
      'set default_transaction_read_only = off, or begin it read write; '
      'a standby cannot be written to. Nothing was changed');
  end if;
end $$;
