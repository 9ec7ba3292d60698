-- E-mail addresses: which ones stand in a text, and the key by which each is known. Cells of lists
-- are read by the same rules in TypeScript, packages/core/src/ports/emails.ts, so that a reader can
-- tell of a row. test/sql/common/emails.test.ts holds the two together.

-- Decodes a label of a domain as Punycode has it, without its "xn--" (RFC 3492); null where it is
-- none.
create function postrider.decode_punycode(p_label text) returns text
language plpgsql immutable strict parallel safe as $$
declare
  c_largest constant bigint := 1114111;
  v_text text := coalesce(substring(p_label from '^(.+)-[^-]*$'), '');
  v_digits text := substring(p_label from '[^-]*$');
  v_code bigint := 128;
  v_bias bigint := 72;
  v_at bigint := 0;
  v_before bigint;
  v_weight bigint;
  v_threshold bigint;
  v_digit int;
  v_step bigint;
  v_n int := 1;
begin
  while v_n <= length(v_digits) loop
    v_before := v_at;
    v_weight := 1;
    v_step := 36;
    loop
      v_digit := strpos('abcdefghijklmnopqrstuvwxyz0123456789', substr(v_digits, v_n, 1)) - 1;
      if v_n > length(v_digits) or v_digit < 0 then
        return null;
      end if;
      v_n := v_n + 1;
      v_at := v_at + v_digit * v_weight;
      v_threshold := least(greatest(v_step - v_bias, 1), 26);
      exit when v_digit < v_threshold;
      v_weight := v_weight * (36 - v_threshold);
      v_step := v_step + 36;
      if v_weight > c_largest * 128 then
        return null;
      end if;
    end loop;
    -- The bias follows how far the letters are apart.
    v_bias := case when v_before = 0 then (v_at - v_before) / 700 else (v_at - v_before) / 2 end;
    v_bias := v_bias + v_bias / (length(v_text) + 1);
    v_step := 0;
    while v_bias > 455 loop
      v_bias := v_bias / 35;
      v_step := v_step + 36;
    end loop;
    v_bias := v_step + 36 * v_bias / (v_bias + 38);
    v_code := v_code + v_at / (length(v_text) + 1);
    v_at := v_at % (length(v_text) + 1);
    if v_code > c_largest or v_code between 55296 and 57343 then
      return null;
    end if;
    v_text := overlay(v_text placing chr(v_code::int) from v_at::int + 1 for 0);
    v_at := v_at + 1;
  end loop;
  return v_text;
end $$;

-- Makes the key of one address. Letters are named one by one: what lower() makes of them depends on
-- the server's locale, and a key must not. Letters with accents are taken apart for it. A domain
-- has two spellings, and one key.
create function postrider.fold_email(p_address text) returns text
language plpgsql immutable parallel safe as $$
declare
  v_text text := lower(p_address collate "C");
begin
  if v_text ~ '@(.*\.)?xn--' then
    v_text := split_part(v_text, '@', 1) || '@' || array_to_string(array(
      select coalesce(postrider.decode_punycode(substring(l.label from '^xn--(.+)$')), l.label)
      from unnest(string_to_array(split_part(v_text, '@', 2), '.')) with ordinality as l (label, n)
      order by l.n), '.');
  end if;
  if v_text ~ '^[\x01-\x7e]*$' then
    return v_text;
  end if;
  return normalize(translate(
    lower(normalize(normalize(v_text, nfkc), nfd) collate "C"),
    'ÆÐØÞĐĦŁŊŒŦƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧ'
    'ΨΩϏϘϚϜϞϠϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲ'
    'ҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖẞỺỼỾς',
    'æðøþđħłŋœŧɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳαβγδεζηθικλμνξοπρστυφχ'
    'ψωϗϙϛϝϟϡϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳ'
    'ҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆßỻỽỿσ'),
    nfc);
end $$;

-- Reads which addresses stand in a text, in their order, each with its key, and what in it is none
-- (null: nothing). People write several in one cell, with names, comments, quotes, `mailto:`,
-- points at the end and letters that nobody sees. What is left over is told and never guessed at:
-- "mary jane@example.com" is jane@example.com with a rest.
create function postrider.read_emails(
  p_text text,
  out addresses text[],
  out keys text[],
  out unread text
) language plpgsql immutable parallel safe as $$
declare
  -- What a decoder puts where a letter was lost.
  c_lost constant text := E'\ufffd';
  -- Those of other scripts, and signs, too: an Arabic comma would be a letter of the domain.
  c_separators constant text := E'[] ,;:<>()[{}"|/\\\\?\u00a6\u055d\u060c\u061b\u061f\u06d4'
    || E'\u1363\u1364\u2013-\u2bff\u3001\u00a1\u00bf\U0001f000-\U0001faff]+';
  c_label constant text :=
    '[^\x01-\x2c./\x3a-\x40\x5b-\x5e`\x7b-\x7f' || c_lost || ']+';
  v_text text := p_text;
  v_whole text;
  v_unread text[] := '{}';
  v_word text;
  v_key text;
begin
  addresses := '{}';
  keys := '{}';
  if v_text is null then
    return;
  end if;
  if length(v_text) <= 254
    and lower(v_text collate "C") !~ '@(.*\.)?xn--'
    and v_text ~ '^[A-Za-z0-9_][A-Za-z0-9_.+-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z0-9]+$'
  then
    addresses := array[v_text];
    keys := array[lower(v_text collate "C")];
    return;
  end if;
  -- Quotes and full stops of other scripts, before normalize() takes some of them apart.
  v_text := translate(v_text,
    '“”„‟«»‘’‚‛‹›`´ʼ。｡', '""""""''''''''''''''''''..');
  v_text := regexp_replace(v_text,
    E'[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]',
    '', 'g');
  v_text := normalize(v_text, nfkc);
  v_text := btrim(regexp_replace(v_text,
    E'[\x01-\x20\x7f\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g'));
  if v_text = '' then
    return;
  end if;
  v_whole := v_text;
  v_text := replace(v_text, '&amp;', '&');
  -- As programs write in HTML, JSON and SQL what divides two addresses, or stands around one.
  v_text := regexp_replace(v_text collate "C",
    '&(?:lt|#0*60|#x0*3c);|\\u003c|%3c', '<', 'gi');
  v_text := regexp_replace(v_text collate "C",
    '&(?:gt|#0*62|#x0*3e);|\\u003e|%3e', '>', 'gi');
  v_text := regexp_replace(v_text collate "C",
    '&(?:comma|semi|#0*(?:10|13|44|59)|#x0*(?:a|d|2c|3b));|\\[nr]|\\u00(?:0[ad]|2c|3b)', ';', 'gi');
  v_text := regexp_replace(v_text collate "C",
    '&(?:quot|apos|nbsp|#0*(?:9|32|34|39|160)|#x0*(?:9|20|22|27|a0));', ' ', 'gi');
  v_text := regexp_replace(v_text collate "C", '\\t|\\u00(?:09|2[027]|a0)', ' ', 'gi');
  v_text := regexp_replace(v_text collate "C", '\\u0040', '@', 'gi');
  v_text := regexp_replace(v_text collate "C",
    '(^|[ ,;:<(])(?:e-?mails?|mail|mailto)=(?=[^ =@]+@)', '\1', 'gi');
  v_text := regexp_replace(v_text collate "C", '&(?:#0*64|#x40|commat);|%40', '@', 'gi');
  -- Comments and names that hold no address; what `mailto:` has behind its address.
  v_text := regexp_replace(v_text, '\([^()@]*\)', ' ', 'g');
  -- As Python shows bytes.
  v_text := regexp_replace(v_text, '(^|[ ,;:<([])b(?=[''"][^ ''"@]+@)', '\1', 'g');
  -- A local part in quotes is the address; a name in quotes is none.
  v_text := regexp_replace(v_text, '"([^] "@,;:<>()[{}|/\\?]+)"(?= ?@)', '\1', 'g');
  v_text := regexp_replace(v_text, '(^|[ ,;:<(])''([^ ''"@,;:<>()]+)''(?= ?@)', '\1\2', 'g');
  v_text := regexp_replace(v_text, '"[^"@]*"', ' ', 'g');
  -- The others whom `mailto:` names.
  v_text := regexp_replace(v_text collate "C", '[?&](?:to|cc|bcc)=(?=[^ ?&=@]+@)', ' ', 'gi');
  v_text := regexp_replace(v_text collate "C", '&(?:subject|body)=[^ @&,;<>()]*', ' ', 'gi');
  v_text := regexp_replace(v_text, '(@[^ ?,;<>()@]+)\?[^ @,;<>()]*(?=[ ,;<>()]|$)', '\1', 'g');
  v_text := regexp_replace(v_text collate "C", '%(?:20|0[9ad]|2[27c]|3b)', ' ', 'gi');
  v_text := regexp_replace(v_text collate "C", '%2b', '+', 'gi');
  v_text := regexp_replace(v_text, ' *@ *', '@', 'g');
  v_text := regexp_replace(v_text, ' +\.(?=[^ .,;@])', '.', 'g');
  -- Names in front of "<...>", also "Ash, Ann" without quotes.
  v_text := regexp_replace(v_text, '(^|[;>])[^@;<>]*(?=<[^<>]*@)', '\1 ', 'g');
  v_text := regexp_replace(v_text, '([,;>])[^@,;<>]*(?=<[^<>]*@)', '\1 ', 'g');
  foreach v_word in array regexp_split_to_array(v_text, c_separators) loop
    v_word := regexp_replace(v_word, '^[-''.*!=~&#%^$]+', '');
    -- Underscores on both sides are a text's, and not the address's.
    if v_word ~ '^_.*@.*_[-''.*!=~&#%^$_+]*$' then
      v_word := regexp_replace(v_word, '^_[-''.*!=~&#%^$_]*', '');
    end if;
    v_word := regexp_replace(v_word, '[-''.*!=~&#%^$_+]+$', '');
    if v_word ~ ('^[^@' || c_lost || ']+@' || c_label || '(\.' || c_label || ')+$')
      and length(v_word) <= 254
    then
      v_key := postrider.fold_email(v_word);
      if v_key <> all (keys) then
        addresses := addresses || v_word;
        keys := keys || v_key;
      end if;
    elsif v_word ~ '@' or v_word <> ''
      and lower(v_word collate "C") !~ '^(?:e-?mails?|mail|mailto|smtp|and|or)$'
    then
      v_unread := v_unread || v_word;
    end if;
  end loop;
  unread := case
    when cardinality(v_unread) > 0 then array_to_string(v_unread, ' ')
    when cardinality(addresses) = 0 then v_whole
  end;
end $$;

-- The keys of all addresses that stand in a text.
create function postrider.email_keys(p_text text) returns text[]
language sql immutable parallel safe
return (select r.keys from postrider.read_emails(p_text) r);

-- The key of the first address that stands in a text; null where there is none.
create function postrider.email_key(p_email text) returns text
language sql immutable parallel safe
return (postrider.email_keys(p_email))[1];
