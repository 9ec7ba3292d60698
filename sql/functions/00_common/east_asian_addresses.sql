-- Numbers in Japanese, Chinese and Korean addresses.

-- Writes them in one way, apart from the name of the street: "1丁目2番3号" as "1-2-3". A room stays
-- one. p_text: folded.
create function postrider.write_east_asian(
  p_text text,
  p_language text
) returns text language plpgsql immutable parallel safe as $$
declare
  c_figures constant text := '一二三四五六七八九';
  v_text text := p_text;
  v_found text;
begin
  if p_language = 'JP' and v_text ~ '[丁番号の]' then
    -- 十二丁目
    for v_found in
      select m.found[1]
      from regexp_matches(v_text, '([一二三四五六七八九十]+)(?=丁目|番|号)', 'g') as m (found)
      order by length(m.found[1]) desc
    loop
      v_text := regexp_replace(v_text, v_found || '(?=丁目|番|号)',
        (case
          when strpos(v_found, '十') = 0 then strpos(c_figures, v_found)
          else greatest(strpos(c_figures, nullif(split_part(v_found, '十', 1), '')), 0) * 10
            + case when split_part(v_found, '十', 1) = '' then 10 else 0 end
            + coalesce(strpos(c_figures, nullif(split_part(v_found, '十', 2), '')), 0)
        end)::text, 'g');
    end loop;
    v_text := regexp_replace(v_text,
      '(?<=[0-9])(?:丁目|番地の?|番|号(?!室)|の) ?(?=[0-9])', '-', 'g');
    v_text := regexp_replace(v_text, '(?<=[0-9])(?:丁目|番地|番|号)(?= |$)', '', 'g');
  end if;
  if p_language = 'KR' then
    -- "세종대로12길" is a name.
    return regexp_replace(regexp_replace(v_text,
      '(?<=[가-힣])(?=[0-9]+[A-Z]?(?:-[0-9]+)?(?:번지?)?(?= |$))', ' ', 'g'),
      '(?<= [0-9]+)(?=번)', ' ', 'g');
  end if;
  return regexp_replace(v_text, '(?<=[^ -~])(?=[0-9])|(?<=[0-9])(?=[^ -~])', ' ', 'g');
end $$;
