/**
 * The options of the shop: one table for the library, the command line and the child process, so
 * that the three cannot drift apart.
 */
import { parseArgs } from 'node:util';
import { exitCodes, messageOf, ShopError } from './errors.ts';
import { isWebhookSecret } from './webhooks.ts';

export interface PrintShopOptions {
  /** Where PDFs and manifest go, and the shop's ledger below `shop/`. Made where it is missing. */
  readonly folder: string;
  /** The bearer token that clients must send. */
  readonly token: string;
  /** 0 or absent: any free port. */
  readonly port?: number | undefined;
  /** Directories that `file:` artwork may lie in. None: artwork is refused. */
  readonly artwork?: readonly string[] | undefined;
  /** Take pieces whose artwork is `noop:`; they count as printed, without a PDF. */
  readonly acceptNoopArtwork?: boolean | undefined;
  /** False: idempotency keys are ignored, as at printers that have none. Default true. */
  readonly keys?: boolean | undefined;
  /** How long a new piece is missing from look-ups by mailpiece. Default 0. */
  readonly readLagMs?: number | undefined;
  /** Quiet after which a PDF is begun that is not full. Default 700. */
  readonly printAfterMs?: number | undefined;
  /** Begin no PDF that is not full until `POST /v1/print` asks for the rest. Default false. */
  readonly collect?: boolean | undefined;
  /**
   * How fast mail travels. 0: it stands still until the clock is turned. Default: as fast as real
   * days.
   */
  readonly daysPerSecond?: number | undefined;
  /** Percent of the carrier's scans that are never reported. Default 0. */
  readonly loseScans?: number | undefined;
  /** Percent of the pieces that come back. Default 0. */
  readonly returned?: number | undefined;
  /** Where tracking events are posted. Needs `webhookSecret`. */
  readonly webhook?: string | undefined;
  /** `whsec_` and the base64 of 24 to 64 bytes. */
  readonly webhookSecret?: string | undefined;
  /** Percent of webhooks that are sent twice. Default 0. */
  readonly webhookDuplicates?: number | undefined;
  /** Send events in random order. */
  readonly webhookShuffle?: boolean | undefined;
  /** Answer `POST /v1/faults`. */
  readonly allowFaults?: boolean | undefined;
  /** Gets each line of the log; secrets and addresses are never in it. Default: stderr. */
  readonly log?: ((line: string) => void) | undefined;
}

export type Settings = {
  readonly [
    Name in keyof Required<Omit<PrintShopOptions, 'webhook' | 'webhookSecret'>>
  ]: NonNullable<PrintShopOptions[Name]>;
} & { readonly webhook: string | null; readonly webhookSecret: string | null };

const SECONDS_A_DAY = 86_400;
const percent = { type: 'number', least: 0, most: 100 } as const;
const milliseconds = { type: 'number', least: 0, most: 3_600_000 } as const;

/**
 * Flags of the command line. The token comes from the environment: a command line can be read by
 * everybody on the machine.
 */
const flags = {
  folder: { type: 'string', value: 'dir', help: 'PDFs, manifest and ledger go here' },
  port: {
    type: 'number',
    least: 0,
    most: 65_535,
    value: 'n',
    help: 'on 127.0.0.1; 0, the default, takes a free one',
  },
  artwork: {
    type: 'strings',
    value: 'dir',
    help: 'artwork may be read from here; repeat for more',
  },
  acceptNoopArtwork: {
    type: 'boolean',
    help: 'take pieces whose artwork is noop:, and print nothing',
  },
  keys: { type: 'unset', help: 'ignore idempotency keys: every order makes a new piece' },
  readLagMs: {
    ...milliseconds,
    value: 'ms',
    help: 'a new piece is missing from look-ups for so long',
  },
  printAfterMs: {
    ...milliseconds,
    value: 'ms',
    help: 'quiet before a PDF is begun that is not full (700)',
  },
  collect: {
    type: 'boolean',
    help: 'begin no PDF that is not full until POST /v1/print asks for the rest',
  },
  daysPerSecond: {
    type: 'number',
    least: 0,
    most: 1_000,
    value: 'n',
    help: 'how fast mail travels; 0 stands still (real days)',
  },
  loseScans: { ...percent, value: 'percent', help: 'scans that are never reported' },
  returned: { ...percent, value: 'percent', help: 'pieces that come back' },
  webhook: { type: 'string', value: 'url', help: 'post tracking events there' },
  webhookSecret: {
    type: 'string',
    value: 'whsec',
    help: 'better in PRINT_SHOP_WEBHOOK_SECRET: others can read a command line',
  },
  webhookDuplicates: { ...percent, value: 'percent', help: 'webhooks that are sent twice' },
  webhookShuffle: { type: 'boolean', help: 'send events in random order' },
  allowFaults: { type: 'boolean', help: 'answer POST /v1/faults, for tests' },
} as const satisfies Partial<Record<keyof PrintShopOptions, Flag>>;

type Flag =
  | { readonly type: 'string' | 'strings'; readonly value: string; readonly help: string }
  | {
      readonly type: 'number';
      readonly least: number;
      readonly most: number;
      readonly value: string;
      readonly help: string;
    }
  /** `unset` is true by default and has a flag `--no-…`. */
  | { readonly type: 'boolean' | 'unset'; readonly help: string };

const table: readonly (readonly [keyof typeof flags, Flag])[] = Object.entries(flags) as (readonly [
  keyof typeof flags,
  Flag,
])[];

function flagName(name: string, flag: Flag): string {
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return flag.type === 'unset' ? `no-${dashed}` : dashed;
}

export const usage = `Usage: print-shop --folder <dir> [options]

A print shop for postcards that prints into a folder. Takes orders on http://127.0.0.1:<port>/v1/pieces.

  PRINT_SHOP_TOKEN=… print-shop --folder ./printed --artwork ./artwork --days-per-second 2

${table.map(([name, flag]) => `  ${`--${flagName(name, flag)}${'value' in flag ? ` <${flag.value}>` : ''}`.padEnd(32)} ${flag.help}`).join('\n')}
  ${'--until-stdin-ends'.padEnd(32)} stop when standard input is closed
  ${'--help'.padEnd(32)} this text

Environment: PRINT_SHOP_TOKEN (required), PRINT_SHOP_WEBHOOK_SECRET.
Standard output has one line, when the shop is ready: {"ready":true,"url":"http://127.0.0.1:…","ledger":"…"}. The rest goes to standard error.
Exit codes: 0 stopped, 2 usage, 65 ledger damaged, 69 port in use, 73 folder not writable, 74 write failed, 75 folder in use.
`;

/** The command line that gives a child process these options. The secrets are not in it. */
export function toArguments(options: PrintShopOptions): string[] {
  return table.flatMap(([name, flag]) => {
    const value = options[name];
    const argument = `--${flagName(name, flag)}`;
    if (value === undefined || name === 'webhookSecret') return [];
    if (flag.type === 'boolean') return value === true ? [argument] : [];
    if (flag.type === 'unset') return value === false ? [argument] : [];
    if (Array.isArray(value)) return value.map((one: string) => `${argument}=${one}`);
    return [`${argument}=${String(value)}`];
  });
}

export interface CommandLine {
  readonly options: PrintShopOptions;
  readonly untilStdinEnds: boolean;
}

/** Null where `--help` was asked. Throws `ShopError` (usage). */
export function fromArguments(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): CommandLine | null {
  const types = table.map(([name, flag]) => {
    const type =
      flag.type === 'boolean' || flag.type === 'unset' ? ('boolean' as const) : ('string' as const);
    return [flagName(name, flag), { type, multiple: flag.type === 'strings' }] as const;
  });
  let values: Record<string, unknown>;
  try {
    const flagTypes = {
      ...Object.fromEntries(types),
      help: { type: 'boolean' },
      'until-stdin-ends': { type: 'boolean' },
    } as const;
    ({ values } = parseArgs({ args: [...argv], options: flagTypes, strict: true }));
  } catch (error) {
    throw misused(messageOf(error));
  }
  if (values['help'] === true) return null;
  const given: Record<string, unknown> = {};
  for (const [name, flag] of table) {
    const value = values[flagName(name, flag)];
    if (value === undefined) continue;
    given[name] =
      flag.type === 'number'
        ? toNumber(flagName(name, flag), value)
        : flag.type === 'unset'
          ? false
          : value;
  }
  const options = {
    ...(given as Partial<PrintShopOptions>),
    folder: typeof given['folder'] === 'string' ? given['folder'] : '',
    token: environment['PRINT_SHOP_TOKEN'] ?? '',
    webhookSecret:
      typeof given['webhookSecret'] === 'string'
        ? given['webhookSecret']
        : environment['PRINT_SHOP_WEBHOOK_SECRET'],
  };
  return { options, untilStdinEnds: values['until-stdin-ends'] === true };
}

/** Checks the options and fills in the defaults. Throws `ShopError` (usage). */
export function settle(options: PrintShopOptions): Settings {
  if (options.folder === '') throw misused('--folder is missing: say where the cards go.');
  if (options.token === '')
    throw misused('PRINT_SHOP_TOKEN is not set: choose a token that clients must send.');
  for (const [name, flag] of table) {
    const value = options[name];
    if (flag.type !== 'number' || value === undefined) continue;
    if (typeof value !== 'number' || !(value >= flag.least && value <= flag.most)) {
      throw misused(
        `--${flagName(name, flag)} must be a number from ${flag.least} to ${flag.most}, and is ${JSON.stringify(value)}.`,
      );
    }
  }
  const webhookSecret =
    options.webhookSecret === undefined || options.webhookSecret === ''
      ? null
      : options.webhookSecret;
  if (webhookSecret !== null && !isWebhookSecret(webhookSecret))
    throw misused('The webhook secret must be whsec_ and the base64 of 24 to 64 bytes.');
  const webhook = options.webhook ?? null;
  if (webhook !== null) {
    const wrong = webhookFault(webhook);
    if (wrong !== null) throw misused(wrong);
    if (webhookSecret === null)
      throw misused('--webhook needs a secret to sign with: set PRINT_SHOP_WEBHOOK_SECRET.');
  }
  return {
    folder: options.folder,
    token: options.token,
    port: options.port ?? 0,
    artwork: options.artwork ?? [],
    acceptNoopArtwork: options.acceptNoopArtwork ?? false,
    keys: options.keys ?? true,
    readLagMs: options.readLagMs ?? 0,
    printAfterMs: options.printAfterMs ?? 700,
    collect: options.collect ?? false,
    daysPerSecond: options.daysPerSecond ?? 1 / SECONDS_A_DAY,
    loseScans: options.loseScans ?? 0,
    returned: options.returned ?? 0,
    webhook,
    webhookSecret,
    webhookDuplicates: options.webhookDuplicates ?? 0,
    webhookShuffle: options.webhookShuffle ?? false,
    allowFaults: options.allowFaults ?? false,
    log: options.log ?? ((line) => process.stderr.write(`print shop: ${line}\n`)),
  };
}

/** What is wrong with an address for webhooks, or null. */
export function webhookFault(url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
    return 'The webhook must be an http: or https: URL.';
  if (parsed.username !== '' || parsed.password !== '')
    return 'The webhook must not hold a user name or a password: it is written to the ledger.';
  return null;
}

function toNumber(flag: string, text: unknown): number {
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (Number.isNaN(value))
    throw misused(`--${flag} must be a number, and is ${JSON.stringify(text)}.`);
  return value;
}

function misused(message: string): ShopError {
  return new ShopError(exitCodes.usage, `${message.replace(/\.?$/, '.')} See --help.`);
}
