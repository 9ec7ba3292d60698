/** What a launch would do, in words. */
import type { LaunchPreview, TurnedAway } from '@postrider/core';
import { count, printable } from '@postrider/runner/process';
import { money } from '../output/money.ts';
import type { Output } from '../output/output.ts';
import type { Fields } from '../output/table.ts';
import type { ContactSheet } from './contact-sheet.ts';
import type { CampaignRow } from './names.ts';
import { namesOf, otherwiseOf, type PrintedOtherwise } from './printed-names.ts';

export interface ShownLaunch {
  readonly preview: LaunchPreview;
  /** Null: none was asked for. */
  readonly sheet: ContactSheet | null;
  readonly arm: boolean;
  /** What the printer prints otherwise than it is. */
  readonly otherwise: readonly PrintedOtherwise[];
}

export function showLaunch(out: Output, campaign: CampaignRow, shown: ShownLaunch): void {
  const { preview, sheet } = shown;
  const mode = preview.mode === 'test' ? 'a test: nothing is printed' : 'live';
  const how = preview.test === null ? `launched as ${mode}` : 'from test to live';
  out.records([
    [
      ['', `${campaign.name} of ${campaign.organization}, ${how}`],
      ...testOf(preview),
      ['cards', cardsOf(preview)],
      ['people', peopleOf(preview)],
      ['turned away', turnedAwayOf(preview.turnedAway)],
      ['caps', capsOf(preview)],
      ['budget', budgetOf(preview)],
      ['printer', printerOf(shown)],
      ...namesOf(preview),
      ...otherwiseOf(shown.otherwise),
      ['mail', mailOf(preview)],
      ...offerOf(preview),
      ...(sheet === null ? [] : sheetOf(sheet)),
      ...preview.blockers.map(({ message }) => ['stops every card', message] as const),
    ],
  ]);
}

function testOf({ test, status }: LaunchPreview): Fields {
  if (test === null) return [];
  return [
    [
      'test',
      `${count(test.cards, 'test card is', 'test cards are')} put aside: nothing was printed, ` +
        'nobody counts as mailed, caps and budget begin anew',
    ],
    ...(status === 'paused' ? [['held', 'the campaign stays held'] as const] : []),
  ];
}

function cardsIn(n: number): string {
  return count(n, 'card');
}

function cardsOf({ cards, caps, mail }: LaunchPreview): string {
  const goes = cards.inAll - cards.tooLate;
  if (goes === 0) return 'none';
  const perDay = caps.daily === null ? '' : `, at most ${caps.daily} a day`;
  const until =
    cards.days > 1 ? `, in ${cards.days} days: ${mail.firstDay} to ${mail.lastDay}` : '';
  const first = cards.now === 0 ? `from ${mail.firstDay} on` : `${cards.now} today`;
  return `${first}${perDay}; ${goes} in all${until}`;
}

function peopleOf({ cards, people, test }: LaunchPreview): string {
  const enriched = (people.address_enrichable ?? 0) + (people.address_enriching ?? 0);
  const again =
    test === null || test.beginAgain === 0
      ? ''
      : `${test.beginAgain} of them begin again, unless they opted out, were cancelled or are ` +
        'in another campaign by now';
  return [
    `${test === null ? '' : 'up to '}${cards.people} to mail`,
    again,
    cards.later === 0 ? '' : `${cards.later} of them on a later day`,
    cards.held === 0 ? '' : `${cards.held} held`,
    enriched === 0 ? '' : `${enriched} without an address yet`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function turnedAwayOf(reasons: readonly TurnedAway[]): string {
  if (reasons.length === 0) return 'nobody';
  return [...Map.groupBy(reasons, ({ state }) => state)]
    .map(([state, rows]) => {
      const told = rows.map(({ reason, people }) => `${people} ${reason ?? 'without a reason'}`);
      return rows.length === 1 && rows[0]?.reason === state
        ? told.join()
        : `${told.join(', ')} (${state})`;
    })
    .join('; ');
}

function capsOf({ caps }: LaunchPreview): string {
  const parts = [
    caps.daily === null ? '' : `${cardsIn(caps.daily)} a day (${caps.openedToday} opened today)`,
    caps.total === null
      ? ''
      : `${cardsIn(caps.total)} in all (${caps.opened} opened, ${caps.left ?? 0} left)`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'none' : parts.join('; ');
}

function budgetOf({ budget }: LaunchPreview): string {
  if (budget === null) return 'none, and no price of a card is known';
  const told = (minor: number): string => money(minor, budget.currency);
  return (
    `${told(budget.cost)} for these cards at ${told(budget.price)} each; ` +
    `of ${told(budget.total)} ${told(budget.left)} are left, which pay ${cardsIn(budget.pays)}; ` +
    `a card for everybody costs ${told(budget.costOfAll)}`
  );
}

function printerOf({ preview: { printer, mode }, arm }: ShownLaunch): string {
  const armed = printer.armed
    ? 'armed for live printing'
    : arm
      ? 'armed for live printing by this launch'
      : 'not armed for live printing';
  const held = printer.held ? ', held' : '';
  const account = printer.connection === null ? '' : ` by connection ${printer.connection}`;
  const kind =
    printer.kind === printer.name && account === '' ? '' : ` (${printer.kind}${account})`;
  return `${printer.name}${kind}, ${armed}${held}${mode === 'test' ? '; it gets tests' : ''}`;
}

function mailOf({ mail }: LaunchPreview): string {
  const heldBack =
    mail.holdBackMinutes === 0
      ? ''
      : `; held back for ${count(mail.holdBackMinutes, 'minute')} first, in which a card is ` +
        'called back for nothing';
  const posted =
    `${mail.format}, ${mail.mailClass}, ${count(mail.transitDays, 'day')} on the way` + heldBack;
  if (mail.firstArrival === null) return posted;
  return mail.firstArrival === mail.lastArrival
    ? `${posted}: arrives on ${mail.firstArrival}`
    : `${posted}: arrives from ${mail.firstArrival} to ${mail.lastArrival}`;
}

function offerOf({ mail, cards }: LaunchPreview): Fields {
  if (mail.offerEndsOn === null) return [];
  const late =
    cards.tooLate === 0
      ? 'every card arrives by then'
      : `${count(cards.tooLate, 'card')} would arrive after it, and ` +
        `${cards.tooLate === 1 ? 'its person is' : 'their people are'} skipped`;
  return [['offer', `ends on ${mail.offerEndsOn}; ${late}`]];
}

function sheetOf(sheet: ContactSheet): Fields {
  if (sheet.page === null) return [['contact sheet', `none: ${sheet.missing ?? ''}`]];
  const faulty = sheet.cards.filter(({ faults }) => faults.length > 0);
  const old = sheet.cards.filter(({ proof }) => proof === 'outdated').length;
  return [
    ['contact sheet', `${sheet.page} (${cardsIn(sheet.cards.length)})`],
    ...faulty.map(
      ({ externalId, faults }) =>
        ['would not be printed', printable(`${externalId}: ${faults.join('; ')}`)] as const,
    ),
    ...(old === 0
      ? []
      : [
          [
            'older proofs',
            `${cardsIn(old)} of the sheet ${old === 1 ? 'has' : 'have'} a stored proof that was ` +
              'made of another template or of other data: the stored one is printed',
          ] as const,
        ]),
  ];
}
