-- What the status of a mailpiece says of it.

-- Tells whether a card may exist of a mailpiece. One that is submitting was proven not printed,
-- unless it is sent again only because the printer honours its key.
create function postrider.card_may_exist(
  p_status text,
  p_repeat_until timestamptz
) returns boolean language sql immutable
return not postrider.piece_is_closed(p_status)
  and (p_status <> 'submitting' or p_repeat_until is not null);

-- Tells whether a mailpiece is closed while its recipient has another one that is open.
create function postrider.has_other_open_piece(
  p_organization_id uuid,
  p_recipient_id uuid,
  p_id uuid,
  p_mode text,
  p_status text
) returns boolean language sql stable
return postrider.piece_is_closed(p_status) and exists (
  select from postrider.mailpiece o
  where o.organization_id = p_organization_id
    and o.recipient_id = p_recipient_id
    and o.mode = p_mode
    and o.id <> p_id
    and not postrider.piece_is_closed(o.status));

-- Names the mailpiece that has this id of a printer. Some printers give all test cards one id: of a
-- test card it counts only where no other has it.
create function postrider.piece_of_provider_id(
  p_organization_id uuid,
  p_printer_name text,
  p_provider_id text
) returns uuid language sql stable
return coalesce(
  (
    select m.id
    from postrider.mailpiece m
    where m.organization_id = p_organization_id
      and m.printer_name = p_printer_name
      and m.provider_id = p_provider_id
      and m.mode = 'live'),
  (
    select case when count(*) = 1 then (array_agg(x.id))[1] end
    from (
      select m.id
      from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.printer_name = p_printer_name
        and m.provider_id = p_provider_id
        and m.mode = 'test'
      limit 2) x));

-- The whole name of a person, as it stands on a card.
create function postrider.whole_name(p_first_name text, p_last_name text) returns text
language sql stable
return coalesce(
  nullif(concat_ws(' ', nullif(btrim(p_first_name), ''), nullif(btrim(p_last_name), '')), ''),
  'Current Resident');

-- The first of these that fits: a name without further given names, with the first as an initial,
-- the last name alone; and if none does, as many letters of the whole one as there is room for.
create function postrider.shortened_name(
  p_first_name text,
  p_last_name text,
  p_longest int
) returns text language sql stable
return coalesce(
  (
    select x.name
    from (values
      (1, concat_ws(' ', split_part(p_first_name, ' ', 1), p_last_name)),
      (2, concat_ws(' ', left(p_first_name, 1) || '.', p_last_name)),
      (3, p_last_name)) as x (rank, name)
    where p_first_name <> ''
      and p_last_name <> ''
      and char_length(x.name) <= p_longest
    order by x.rank
    limit 1),
  btrim(left(postrider.whole_name(p_first_name, p_last_name), p_longest)));

-- The name of a person as a printer is sent it: the whole one, where the printer prints as much.
-- It becomes a part of the query that calls it: nearly every name fits.
-- p_longest: in letters; null: any.
create function postrider.name_on_card(
  p_first_name text,
  p_last_name text,
  p_longest int
) returns text language sql stable
return case
  when char_length(postrider.whole_name(p_first_name, p_last_name)) > p_longest
    then postrider.shortened_name(btrim(p_first_name), btrim(p_last_name), p_longest)
  else postrider.whole_name(p_first_name, p_last_name) end;
