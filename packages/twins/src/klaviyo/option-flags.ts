/**
 * The options of the twin as flags. The keys come from the environment: a command line can be read
 * by everybody on the machine.
 */
import { milliseconds, type Flag } from '../kit/flags.ts';
import type { KlaviyoOptions } from './options.ts';

function number(least: number, most: number) {
  return { type: 'number', least, most, value: 'n' } as const;
}
const limit = number(0, 1_000_000);

export const flags = {
  folder: { type: 'string', value: 'dir', help: 'the ledger goes here' },
  port: { ...number(0, 65_535), help: 'on 127.0.0.1; 0, the default, takes a free one' },
  latencyMs: { ...milliseconds, value: 'ms', help: 'before each request is done (0)' },
  eventBurst: { ...limit, help: 'events a second; 0: no limit (350)' },
  eventSteady: { ...limit, help: 'events a minute (3500)' },
  bulkBurst: { ...limit, help: 'bulk requests a second (10)' },
  bulkSteady: { ...limit, help: 'bulk requests a minute (150)' },
  accountBurst: { ...limit, help: 'questions about the account a second (1)' },
  accountSteady: { ...limit, help: 'questions about the account a minute (15)' },
  limitHeaders: {
    type: 'choice',
    choices: ['number', 'windows', 'none'],
    help: 'how the headers are written: number, windows, none (UNCONFIRMED: number)',
  },
  retryAfter: {
    type: 'choice',
    choices: ['seconds', 'none'],
    help: 'of a 429: seconds, none (UNCONFIRMED of each route: seconds)',
  },
  wrongKey: {
    type: 'choice',
    choices: ['unauthorized_401', 'invalid_400'],
    help: 'answers unauthorized_401, invalid_400 (UNCONFIRMED: the former)',
  },
  bulkRepeat: {
    type: 'choice',
    choices: ['invalid_400', 'conflict_409', 'silent', 'ignored'],
    help: 'a known id in bulk: invalid_400, conflict_409, silent, ignored (UNCONFIRMED: the first)',
  },
  goneProfile: {
    type: 'choice',
    choices: ['accepted', 'not_found_404', 'invalid_400'],
    help: 'event of no profile: accepted, not_found_404, invalid_400 (UNCONFIRMED: the first)',
  },
  uniqueIdDays: {
    ...number(0, 36_500),
    help: 'then an id of an event counts anew; 0: never (UNCONFIRMED: 0)',
  },
  testAccount: { type: 'boolean', help: 'the account says that it is one for tests' },
  scopes: {
    type: 'choice',
    choices: ['all', 'events', 'accounts'],
    help: 'what its keys may do: all, events, accounts (all)',
  },
  keepRequests: {
    ...number(0, 10_000_000),
    help: 'requests kept for GET /twin/requests (100000)',
  },
} as const satisfies Partial<Record<keyof KlaviyoOptions, Flag>>;
