-- Whether a printer has ever told that a card of it went on the press. Of such a one a card that is still only accepted was not printed: it is not assumed
-- to be in a letterbox. Beside when it told last, and apart from printer, which every begin shares.
alter table postrider.printer_feed add column tells_production boolean not null default false;
insert into postrider.printer_feed as f (organization_id, printer_name, tells_production)
select p.organization_id, p.name, true from postrider.printer p
where exists (
  select from postrider.mailpiece_event e
  where e.organization_id = p.organization_id and e.printer_name = p.name and e.status = 'in_production')
on conflict (organization_id, printer_name) do update set tells_production = true;
