/**
 * The options of the twin as flags. The keys come from the environment: a command line can be read
 * by everybody on the machine.
 */
import { milliseconds, percent, type Flag } from '../kit/flags.ts';
import { accountStates, type LobOptions } from './options.ts';

function number(least: number, most: number) {
  return { type: 'number', least, most } as const;
}

export const flags = {
  folder: { type: 'string', value: 'dir', help: 'the ledger goes here' },
  port: {
    ...number(0, 65_535),
    value: 'n',
    help: 'on 127.0.0.1; 0, the default, takes a free one',
  },
  latencyMs: { ...milliseconds, value: 'ms', help: 'before each request is done (0)' },
  limit: {
    ...number(0, 1_000_000),
    value: 'n',
    help: 'requests in a window, for each endpoint and key; 0: no limit (150)',
  },
  verifyLimit: {
    ...number(0, 1_000_000),
    value: 'n',
    help: 'the same for POST /us_verifications (300)',
  },
  limitWindowMs: { ...number(1, 3_600_000), value: 'ms', help: 'length of a window (5000)' },
  limitHeaders: {
    type: 'choice',
    choices: ['both', 'ratelimit', 'x-rate-limit', 'none'],
    help: 'spelling of the headers: both, ratelimit, x-rate-limit, none (UNCONFIRMED: both)',
  },
  retryAfter: { type: 'boolean', help: 'a 429 has a Retry-After (UNCONFIRMED: none)' },
  readLagMs: {
    ...milliseconds,
    value: 'ms',
    help: 'a new piece is missing from lists for so long (UNCONFIRMED: 0)',
  },
  keyLifetimeHours: {
    ...number(0, 8_760),
    value: 'h',
    help: 'then a key makes another piece (24)',
  },
  sameKeyOtherBody: {
    type: 'choice',
    choices: ['replay', 'conflict_409'],
    help: 'a known key with another body: replay, conflict_409 (UNCONFIRMED: replay)',
  },
  sameKeyUnderWay: {
    type: 'choice',
    choices: ['conflict_409', 'wait'],
    help: 'a key whose first request is not answered: conflict_409, wait (UNCONFIRMED: the former)',
  },
  cancelWindowMinutes: {
    ...number(0, 259_200),
    value: 'min',
    help: 'before a piece is sent that has no send_date (5)',
  },
  cancelAgain: {
    type: 'choice',
    choices: ['deleted', 'not_found', 'not_deletable'],
    help: 'to cancel once more: deleted, not_found, not_deletable (UNCONFIRMED: deleted)',
  },
  urlPattern: {
    type: 'unset',
    help: 'take artwork of any https address (UNCONFIRMED: as the spec)',
  },
  defaultUseType: {
    type: 'choice',
    choices: ['none', 'marketing', 'operational'],
    help: 'of the account: none, marketing, operational (none)',
  },
  strictness: {
    type: 'choice',
    choices: ['strict', 'normal', 'relaxed'],
    help: 'which addresses are refused: strict, normal, relaxed (UNCONFIRMED: normal)',
  },
  account: {
    type: 'choice',
    choices: accountStates,
    help: 'why live pieces are refused, by Lob’s code (ok)',
  },
  normalizeAddresses: {
    type: 'unset',
    help: 'give addresses back as they were sent (UNCONFIRMED: in capitals)',
  },
  listCancelled: {
    type: 'unset',
    help: 'leave cancelled pieces out of lists (UNCONFIRMED: in them)',
  },
  mailedEvents: { type: 'boolean', help: 'the edition with the event `mailed`' },
  daysPerSecond: {
    ...number(0, 1_000),
    value: 'n',
    help: 'how fast mail travels; 0 stands still (real days)',
  },
  loseScans: { ...percent, value: 'percent', help: 'scans that are never reported' },
  lateScans: { ...percent, value: 'percent', help: 'scans that are reported after later ones' },
  rerouted: { ...percent, value: 'percent', help: 'pieces that are sent on to another address' },
  returned: { ...percent, value: 'percent', help: 'pieces that come back' },
  renderFailures: { ...percent, value: 'percent', help: 'pieces whose artwork is not rendered' },
  seed: { ...number(0, 2 ** 31), value: 'n', help: 'of all that is drawn by lot (1)' },
  verifyQuota: {
    ...number(0, 1_000_000_000),
    value: 'n',
    help: 'live verifications before 403; 0: no end (0)',
  },
  webhook: { type: 'string', value: 'url', help: 'post events of both modes there' },
  webhookSecret: {
    type: 'string',
    secret: true,
    value: 'text',
    help: 'better in LOB_TWIN_WEBHOOK_SECRET: others can read a command line',
  },
  webhookTimestamp: {
    type: 'choice',
    choices: ['ms', 's'],
    help: 'of signatures: ms, s (UNCONFIRMED: ms)',
  },
  webhookRetrySignature: {
    type: 'choice',
    choices: ['new', 'first'],
    help: 'time and signature of a retry: new, or those of the first attempt (UNCONFIRMED: new)',
  },
  webhookDuplicates: { ...percent, value: 'percent', help: 'webhooks that are sent twice' },
  webhookShuffle: { ...percent, value: 'percent', help: 'webhooks that come behind the next one' },
  webhookPerSecond: {
    ...number(0, 100_000),
    value: 'n',
    help: 'most webhooks a second (no limit)',
  },
  webhookTimeoutMs: { ...milliseconds, value: 'ms', help: 'of one attempt (10000)' },
  retryLadder: {
    type: 'string',
    value: 'seconds',
    help: 'before each further attempt (UNCONFIRMED: 60,300,900,3600,10800,43200,86400)',
  },
  keepRequests: {
    ...number(0, 10_000_000),
    value: 'n',
    help: 'requests kept for GET /twin/requests (100000)',
  },
} as const satisfies Partial<Record<keyof LobOptions, Flag>>;
