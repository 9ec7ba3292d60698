/** The commands of the program by what one wants to do, as its `--help` shows them. */
import type { Groups } from './help.ts';

export const groups: Groups = [
  [
    'Begin',
    [
      ['demo', 'mail the example: a list goes in, printed cards come out'],
      ['run', 'run the pipeline: beats, workers, webhooks, metrics'],
      ['migrate', 'bring the database to this version'],
      ['db', 'the embedded PostgreSQL: start, stop, status'],
      ['print-shop', 'run the folder print shop by itself'],
      ['twin', 'a stand-in for a provider, to try things against'],
    ],
  ],
  [
    'Mail',
    [
      ['campaign', 'apply, launch, pause, show, list, end'],
      ['suppress', 'put people on the do-not-mail list, or lift an entry'],
      ['sync', 'read the list of a campaign now'],
      ['enrich', 'look up missing addresses now'],
      ['preview', 'one card as pictures'],
      ['reconcile', 'ask printers about outcomes that nobody knows'],
    ],
  ],
  [
    'Accounts',
    [
      ['connect', 'connect an account at a provider'],
      ['connections', 'all accounts, and what their providers said of them'],
      ['connection', 'show, check, rename, rotate, remove one'],
      ['secrets', 'the keys with which their secrets are sealed'],
    ],
  ],
  [
    'Look',
    [
      ['status', 'the funnel: how many people are where'],
      ['trace', 'the whole story of one person'],
      ['why', 'where somebody is, why, and what comes next'],
      ['stuck', 'who does not move, why, and what helps'],
      ['queue', 'the cohorts on their way'],
      ['alarms', 'what needs a person'],
      ['calls', 'what printers were asked, and what they answered'],
      ['claim', 'what a printer asks for with a claim for a refund, as an archive'],
      ['interventions', 'who stopped what, who let it go on, and why'],
      ['doctor', 'what is wrong, and what helps'],
    ],
  ],
  [
    'Mend',
    [
      ['hold', 'nothing new begins: an organization, campaign, printer or person'],
      ['release', 'what was held goes on'],
      ['retry', 'try again people who are in error'],
      ['cancel', 'no card for these people'],
      ['amend', 'correct name, address or merge data before the printer has the card'],
      ['resolve', 'say whether a card was printed'],
      ['erase', 'forget a person'],
      ['rekey', 'give households the keys of today’s rules, after an upgrade'],
      ['webhooks', 'events on their way to your own system: list, replay, test, switch on'],
    ],
  ],
  [
    'SQL',
    [
      ['sql', 'one statement, read-only unless told'],
      ['psql', 'psql on the database'],
    ],
  ],
  ['Measure', [['bench', 'how fast it is on this machine']]],
];
