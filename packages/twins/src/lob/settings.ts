/**
 * The options of the twin of Lob. What nobody could confirm about Lob is an option, and its help
 * says so: an adapter is to be tried both ways.
 */
import {
  checkedOptions,
  flagLines,
  readTwinArguments,
  toArguments as argumentsOf,
  usageError,
} from '../kit/flags.ts';
import { webhookFault } from '../kit/webhook-address.ts';
import { flags } from './option-flags.ts';
import type { LobOptions } from './options.ts';

type Absent = 'webhook' | 'webhookSecret' | 'retryLadder';
export type Settings = {
  readonly [Name in keyof Required<Omit<LobOptions, Absent>>]: NonNullable<LobOptions[Name]>;
} & {
  readonly webhook: string | null;
  readonly webhookSecret: string | null;
  readonly retryLadderMs: readonly number[];
};

export const DEFAULT_KEYS = ['test_twin', 'live_twin'] as const;
/** An assumption: nobody has published Lob's. */
export const DEFAULT_LADDER = '60,300,900,3600,10800,43200,86400';

export const usage = `Usage: lob-twin --folder <dir> [options]

The twin of Lob: takes postcards on http://127.0.0.1:<port>/v1 as Lob does, prints nothing,
and reports how the mail travels by signed webhooks.

  LOB_TWIN_KEYS=test_mine,live_mine lob-twin --folder ./lob --days-per-second 2

${flagLines(flags)}

Environment: LOB_TWIN_KEYS (with commas between them; ${DEFAULT_KEYS.join(',')}),
LOB_TWIN_WEBHOOK_SECRET.
Below /twin/ it tells what it did, and is told what to do: the ledger, the requests, the clock,
faults, webhooks. Send one of its keys there too.
Standard output has one line, when the twin is ready:
{"ready":true,"url":"http://127.0.0.1:…","ledger":"…"}. The rest goes to standard error.
Exit codes: 0 stopped, 2 usage, 65 ledger damaged, 69 port in use, 73 folder not writable,
74 write failed, 75 folder in use.
`;

/** The command line that gives a child process these options. The secrets are not in it. */
export function toArguments(options: LobOptions): string[] {
  return argumentsOf(flags, { ...options });
}

/** Null where `--help` was asked. Throws `TwinError` (usage). */
export function fromArguments(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): { readonly options: LobOptions; readonly untilStdinEnds: boolean } | null {
  const read = readTwinArguments<LobOptions>(flags, argv, environment['LOB_TWIN_KEYS']);
  if (read === null) return null;
  const webhookSecret = environment['LOB_TWIN_WEBHOOK_SECRET'];
  return { ...read, options: { webhookSecret, ...read.options } };
}

/** Checks the options and fills in the defaults. Throws `TwinError` (usage). */
export function settle(options: LobOptions): Settings {
  const { retryLadder, ...given } = checkedOptions(flags, options);
  const keys = options.keys ?? DEFAULT_KEYS;
  const strange = keys.find((key) => !/^(test|live)_\w+$/.test(key));
  if (strange !== undefined || keys.length === 0)
    throw usageError('LOB_TWIN_KEYS must be keys of the form test_… and live_…, with commas.');
  const webhookSecret = options.webhookSecret === '' ? null : (options.webhookSecret ?? null);
  const webhook = options.webhook ?? null;
  const wrong = webhook === null ? null : signedWebhookFault(webhook, webhookSecret);
  if (wrong !== null) throw usageError(wrong);
  return {
    ...defaults,
    ...(given as Partial<Settings>),
    folder: options.folder,
    keys,
    webhook,
    webhookSecret,
    retryLadderMs: readLadder(retryLadder ?? DEFAULT_LADDER),
    log: options.log ?? ((line) => process.stderr.write(`lob twin: ${line}\n`)),
  };
}

const defaults = {
  port: 0,
  latencyMs: 0,
  limit: 150,
  verifyLimit: 300,
  limitWindowMs: 5_000,
  limitHeaders: 'both',
  retryAfter: false,
  readLagMs: 0,
  keyLifetimeHours: 24,
  sameKeyOtherBody: 'replay',
  sameKeyUnderWay: 'conflict_409',
  cancelWindowMinutes: 5,
  cancelAgain: 'deleted',
  urlPattern: true,
  defaultUseType: 'none',
  strictness: 'normal',
  account: 'ok',
  normalizeAddresses: true,
  listCancelled: true,
  mailedEvents: false,
  daysPerSecond: 1 / 86_400,
  loseScans: 0,
  lateScans: 0,
  rerouted: 0,
  returned: 0,
  renderFailures: 0,
  seed: 1,
  verifyQuota: 0,
  webhookTimestamp: 'ms',
  webhookRetrySignature: 'new',
  webhookDuplicates: 0,
  webhookShuffle: 0,
  webhookPerSecond: 0,
  webhookTimeoutMs: 10_000,
  keepRequests: 100_000,
} as const;

function readLadder(text: string): readonly number[] {
  const seconds = text === '' ? [] : text.split(',').map(Number);
  if (!seconds.every((one) => Number.isFinite(one) && one >= 0))
    throw usageError(`--retry-ladder must be seconds with commas between, and is ${text}.`);
  return seconds.map((one) => one * 1000);
}

/** What keeps this twin from sending webhooks to an address, or null. */
export function signedWebhookFault(url: string, secret: string | null): string | null {
  const unsigned = 'Webhooks are signed: start the twin with LOB_TWIN_WEBHOOK_SECRET.';
  return webhookFault(url) ?? (secret === null ? unsigned : null);
}
