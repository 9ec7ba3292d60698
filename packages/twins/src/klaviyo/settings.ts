/**
 * The options of the twin of Klaviyo. What nobody could confirm about Klaviyo is an option, and its
 * help says so: an adapter is to be tried both ways.
 */
import {
  checkedOptions,
  flagLines,
  readTwinArguments,
  toArguments as argumentsOf,
  usageError,
} from '../kit/flags.ts';
import { flags } from './option-flags.ts';
import type { KlaviyoOptions } from './options.ts';

export type Settings = {
  readonly [Name in keyof Required<KlaviyoOptions>]: NonNullable<KlaviyoOptions[Name]>;
};

export const DEFAULT_KEYS = ['pk_twin'] as const;

export const usage = `Usage: klaviyo-twin --folder <dir> [options]

The twin of Klaviyo: takes events of profiles on http://127.0.0.1:<port>/api as Klaviyo does, starts
no flow, and counts each id of an event once.

  KLAVIYO_TWIN_KEYS=pk_mine klaviyo-twin --folder ./klaviyo

${flagLines(flags)}

Environment: KLAVIYO_TWIN_KEYS (with commas between them; ${DEFAULT_KEYS.join(',')}).
Below /twin/ it tells what it did, and is told what to do: the ledger, the requests, the clock,
faults, profiles. Send one of its keys there too.
Standard output has one line, when the twin is ready:
{"ready":true,"url":"http://127.0.0.1:…","ledger":"…"}. The rest goes to standard error.
Exit codes: 0 stopped, 2 usage, 65 ledger damaged, 69 port in use, 73 folder not writable,
74 write failed, 75 folder in use.
`;

/** The command line that gives a child process these options. The keys are not in it. */
export function toArguments(options: KlaviyoOptions): string[] {
  return argumentsOf(flags, { ...options });
}

/** Null where `--help` was asked. Throws `TwinError` (usage). */
export function fromArguments(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): { readonly options: KlaviyoOptions; readonly untilStdinEnds: boolean } | null {
  return readTwinArguments<KlaviyoOptions>(flags, argv, environment['KLAVIYO_TWIN_KEYS']);
}

/** Checks the options and fills in the defaults. Throws `TwinError` (usage). */
export function settle(options: KlaviyoOptions): Settings {
  const given = checkedOptions(flags, options);
  const keys = options.keys ?? DEFAULT_KEYS;
  if (keys.length === 0 || keys.some((key) => !/^pk_\w+$/.test(key)))
    throw usageError('KLAVIYO_TWIN_KEYS must be keys of the form pk_…, with commas.');
  return {
    ...defaults,
    ...(given as Partial<Settings>),
    folder: options.folder,
    keys,
    log: options.log ?? ((line) => process.stderr.write(`klaviyo twin: ${line}\n`)),
  };
}

const defaults = {
  port: 0,
  latencyMs: 0,
  eventBurst: 350,
  eventSteady: 3_500,
  bulkBurst: 10,
  bulkSteady: 150,
  accountBurst: 1,
  accountSteady: 15,
  limitHeaders: 'number',
  retryAfter: 'seconds',
  wrongKey: 'unauthorized_401',
  bulkRepeat: 'invalid_400',
  goneProfile: 'accepted',
  uniqueIdDays: 0,
  testAccount: false,
  scopes: 'all',
  keepRequests: 100_000,
} as const;
