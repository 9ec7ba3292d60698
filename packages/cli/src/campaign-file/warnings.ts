/** What in a campaign file is allowed, and most likely not meant. */
import type { CampaignDraft } from './read.ts';
import { schema, deliveryTimeOf, deliveryTimes, type CampaignFields } from './schema.ts';

/**
 * What may be meant, and most likely is not: told beside what cannot be used, of the fields that
 * can.
 */
export function campaignWarnings({ raw }: CampaignDraft, today = new Date()): string[] {
  const read = <Name extends keyof CampaignFields>(name: Name): CampaignFields[Name] | undefined =>
    schema.shape[name].safeParse(raw[name]).data as CampaignFields[Name] | undefined;
  const found: string[] = [];
  if (
    (raw['audience'] ?? null) !== null &&
    (raw['segment'] ?? null) === null &&
    raw['mode'] !== 'automated'
  )
    found.push(
      'audience: there is no segment of it to read: nobody comes from it until segment names one',
    );
  const [end, mailClass] = [read('offer_ends_on'), read('mail_class')];
  if (mailClass === undefined) return found;
  const days = read('transit_days') ?? deliveryTimeOf(mailClass).transit;
  const arrives = dayAfter(today, days, read('time_zone') ?? 'America/New_York');
  if (end !== undefined && end < arrives)
    found.push(
      `offer_ends_on: ${end} is before a card mailed today arrives ` +
        `(transit_days: ${days}): everybody would be skipped`,
    );
  if (!deliveryTimes.has(mailClass))
    found.push(
      `mail_class: ${mailClass} is neither ${[...deliveryTimes.keys()].join(' nor ')}: ` +
        'a printer that lists none may refuse it, and the times of standard count',
    );
  return found;
}

/**
 * The day so many days after today, where the organization is. A zone that is none is told apart.
 */
function dayAfter(today: Date, days: number, timeZone: string): string {
  let here: string;
  try {
    here = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(today);
  } catch {
    here = today.toISOString().slice(0, 10);
  }
  return new Date(Date.parse(here) + days * 86_400_000).toISOString().slice(0, 10);
}
