/**
 * Columns that say whether mail may go to a person, by their headings: opt-outs of post, consents
 * to it, deaths. Not those that speak of e-mail, phone or SMS.
 */
import { wordsOf } from './headings.ts';

export interface MailColumn {
  readonly index: number;
  /** Yes allows mail, and no forbids it. */
  readonly isConsent: boolean;
}

/** The columns that say whether mail may go to the person. */
export function mailColumns(
  names: readonly string[],
  {
    namedAt,
    isFree,
    isIgnored,
  }: {
    /** The one that the campaign names; -1: none. */
    readonly namedAt: number;
    readonly isFree: (index: number) => boolean;
    readonly isIgnored: (name: string) => boolean;
  },
): readonly MailColumn[] {
  return names.flatMap((name, index): MailColumn[] => {
    const sense = isFree(index) ? mailSense(name) : null;
    const counts = index === namedAt || (sense !== null && !isIgnored(name));
    return counts ? [{ index, isConsent: sense === 'allows' }] : [];
  });
}

const mail =
  '(?:(?:direct|postal|paper|snail|physical|us|marketing)?mail(?:ings?|shots?)?|' +
  '(?:direct)?mail(?:marketing|solicitations?|ers?)|post|postal(?:marketing)?|' +
  'letters?|postcards?)';
const optOut = new RegExp(
  '^(?:' +
    `(?:donot|dont)(?:send|receive|want)?${mail}(?:me|us)?|donotcontact(?:by${mail})?|dnm|` +
    `nocontact(?:by${mail})?|(?:stop|hold|refuses?)(?:all)?${mail}|(?:not|non|un)mailable|` +
    `(?:remove|exclude|omit|suppress)(?:d?from)?(?:the)?${mail}(?:lists?)?|` +
    `no${mail}|(?:requests?|wants?|receives?)no${mail}|` +
    `(?:optout|optedout)(?:of|from)?${mail}|${mail}(?:optout|optedout)|` +
    `unsubscribedfrom${mail}|` +
    `${mail}(?:suppress|suppressed|suppression|excluded)|` +
    'keine?post|keinebriefe|postsperre|keine(?:post)?werbung|(?:post)?werbesperre|robinsonliste|' +
    '(?:pasde|stop|opposition|refus)courriers?(?:postal)?|' +
    'nepasenvoyer(?:de)?courriers?(?:postal)?|' +
    'noenviar(?:correopostal|publicidad)|noninviare(?:posta|lettere)|geen(?:post|postreclame)|' +
    'nosolicit(?:ations?)?|donotsolicit|mps|mailpreferenceservice|dmamailpreference|' +
    '(?:no|donotsend|optoutof)catalogu?e?s?|(?:catalogu?e?s?|print)optout' +
    ')$',
);
const consent = new RegExp(
  '^(?:' +
    `accepts?${mail}|${mail}consent|consent(?:to|for)?${mail}|` +
    `${mail}(?:optin|optedin)|(?:optin|optedin)(?:to|for)?${mail}|` +
    `allows?${mail}|${mail}(?:allowed|permitted|ok)|ok(?:ay)?to${mail}|` +
    `(?:may|can|maybe|canbe)${mail}(?:ed)?|(?:receives?|wants?|send)${mail}|` +
    `(?:can|may|maywe|okto)?contact(?:you|me)?(?:by|via)${mail}|(?:by|via)${mail}|gdpr${mail}|` +
    `${mail}permission|permissionto${mail}|dm(?:optin|consent|permission)|directmail|mailable|` +
    '(?:postal|directmail)marketing|werbungperpost|posterlaubt|postalischewerbung|' +
    'accepte(?:le)?courriers?(?:postal)?' +
    ')$',
);
const death = new RegExp(
  '^(?:' +
    'deceased|datedeceased|(?:dateof)?death|died|dead|passedaway|verstorben|todesdatum|' +
    'sterbedatum|dece(?:s|de|dee)|datededeces|fallecid[oa]|fechade(?:fallecimiento|' +
    'defuncion)|decedut[oa]|datadidecesso|overleden|overlijdensdatum|falecid[oa]|zmarly' +
    ')$',
);

/** Headings that may speak of post, or not: nobody knows. */
const perhaps = new Set(
  (
    'optout optedout suppress suppressed suppression blacklist blacklisted block blocked dnc ' +
    'exclude excluded remove removed removefromlist donotuse inactive dod ' +
    'acceptsmarketing marketingconsent consent gdprconsent gdpr mailstatus mailingstatus ' +
    'mailingliststatus mailhold mailfrequency ' +
    'unsubscribe unsubscribed dnotmarket donotmarket nomarketing marketingoptout ' +
    'privacyoptout contactoptout solicitcode solicitcodes mailrestriction mailrestrictions ' +
    'mailpreference mailpreferences mailingpreference mailingpreferences contactpreference ' +
    'contactpreferences communicationpreference communicationpreferences ' +
    'preferredcontactmethod addressstatus badaddress undeliverable returnedmail ' +
    'returntosender goneaway'
  ).split(' '),
);

/** Words before such a heading that say nothing of it. */
const before = new Set(
  (
    'contact contacts customer person people member donor constituent supporter recipient client ' +
    'patron individual primary is has have the please privacy preference preferences ' +
    'communication marketing attributes properties fields traits custom npsp npe01 npo02 civicrm'
  ).split(' '),
);
const after = new Set('flag indicator yn y n'.split(' '));
/** A date or a reason is there where somebody has said so. */
const since = new Set('date dates on at since reason code time le am op el'.split(' '));

/** What a heading says of mail; null: nothing. */
function mailSense(name: string): 'forbids' | 'allows' | null {
  const key = keyOf(name);
  if (forbids(key)) return 'forbids';
  if (consent.test(key)) return 'allows';
  // Of a consent a date may be the day on which it was asked for.
  return forbids(keyOf(name, since)) ? 'forbids' : null;
}

function forbids(key: string): boolean {
  return optOut.test(key) || death.test(key);
}

/**
 * Whether a heading may say who is not to be mailed: nobody can tell, and nothing is read of it.
 */
export function mayForbidMail(name: string): boolean {
  return perhaps.has(keyOf(name)) || perhaps.has(keyOf(name, since));
}

function keyOf(name: string, ends: ReadonlySet<string> = after): string {
  const words = wordsOf(name.replace(/^[a-z0-9]+__(?=\w\w)/i, ''));
  while (before.has(words[0] ?? '')) words.shift();
  while (words.length > 1 && (after.has(words.at(-1) ?? '') || ends.has(words.at(-1) ?? '')))
    words.pop();
  return words.join('');
}

/** A column with such a word speaks of something else, or of somebody else. */
const ofOthers = new Set(
  (
    'email mail phone mobile tel sms text call fax spouse husband wife partner mother father ' +
    'parent parents child children household referrer agent salesperson owner'
  ).split(' '),
);

/**
 * Where a mark is looked for that forbids mail (`mail-marks.ts`): not in columns that the campaign
 * says to ignore.
 */
export function markColumns(
  columns: readonly string[],
  isIgnored: (name: string) => boolean,
): readonly number[] {
  return columns.flatMap((name, index) =>
    name === '' || isIgnored(name) || wordsOf(name).some((word) => ofOthers.has(word))
      ? []
      : [index],
  );
}
