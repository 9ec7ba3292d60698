-- Makes a uuid v7: by the server from PostgreSQL 18 on; before that in the same layout, 48 bits of
-- milliseconds and then random ones.
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create function postrider.new_id() returns uuid language sql volatile
    return uuidv7();
  else
    create function postrider.new_id() returns uuid language sql volatile
    return encode(
      set_bit(
        set_bit(
          overlay(uuid_send(gen_random_uuid())
            placing substring(
              int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
            from 1 for 6),
          52, 1),
        53, 1),
      'hex')::uuid;
  end if;
end $$;

-- Makes a short code for people to read from a card: 40 random bits, in letters that do not look
-- alike.
create function postrider.new_reference() returns text language sql volatile
return translate(
  upper(substr(replace(gen_random_uuid()::text, '-', ''), 21, 10)), '01B', 'GHK');

-- Reads an id that came as text, or refuses it.
create function postrider.id_of(p_id text) returns uuid language plpgsql immutable as $$
begin
  return p_id::uuid;
exception when invalid_text_representation then
  perform postrider.fail(
    'PR020',
    format('%L is not an id', p_id),
    'an id is a uuid, as in the views; nothing was changed');
end $$;
