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
  '(?:(?:direct|postal|paper|snail|physical|us)?mail(?:ings?|shots?)?|post|postal(?:marketing)?|' +
  'directmailmarketing|letters?)';
const optOut = new RegExp(
  '^(?:' +
    `(?:donot|dont)(?:send|receive|want)?${mail}|donotcontact(?:by${mail})?|dnm|` +
    `no${mail}|(?:requests?|wants?|receives?)no${mail}|` +
    `(?:optout|optedout)(?:of|from)?${mail}|${mail}(?:optout|optedout)|` +
    `unsubscribedfrom${mail}|(?:suppress|exclude|excludefrom)${mail}|` +
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
    'werbungperpost|posterlaubt|postalischewerbung|accepte(?:le)?courriers?(?:postal)?' +
    ')$',
);
const death =
  /^(?:deceased|deceaseddate|datedeceased|dateofdeath|deathdate|died|dead|verstorben|decede|fallecido)$/;

/** Headings that may speak of post, or not: nobody knows. */
const perhaps = new Set(
  (
    'optout optedout suppress suppressed suppression blacklist blacklisted blocked dnc ' +
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

/** What a heading says of mail; null: nothing. */
function mailSense(name: string): 'forbids' | 'allows' | null {
  const key = keyOf(name);
  if (optOut.test(key) || death.test(key)) return 'forbids';
  return consent.test(key) ? 'allows' : null;
}

/** Whether a heading may say who is not to be mailed: nobody can tell, and nothing is read of it. */
export function mayForbidMail(name: string): boolean {
  return perhaps.has(keyOf(name));
}

function keyOf(name: string): string {
  const words = wordsOf(name.replace(/^[a-z0-9]+__(?=\w\w)/i, ''));
  while (before.has(words[0] ?? '')) words.shift();
  while (words.length > 1 && after.has(words.at(-1) ?? '')) words.pop();
  return words.join('');
}
