/** The options of the shop. */
import {
  checkNumbers,
  flagLines,
  milliseconds,
  usageError,
  percent,
  readArguments,
  toArguments as argumentsOf,
  type Flag,
} from '../kit/flags.ts';
import { isWebhookSecret } from '../kit/standard-webhooks.ts';
import { webhookFault } from '../kit/webhook-address.ts';

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
    secret: true,
    value: 'whsec',
    help: 'better in PRINT_SHOP_WEBHOOK_SECRET: others can read a command line',
  },
  webhookDuplicates: { ...percent, value: 'percent', help: 'webhooks that are sent twice' },
  webhookShuffle: { type: 'boolean', help: 'send events in random order' },
  allowFaults: { type: 'boolean', help: 'answer POST /v1/faults, for tests' },
} as const satisfies Partial<Record<keyof PrintShopOptions, Flag>>;

export const usage = `Usage: print-shop --folder <dir> [options]

A print shop for postcards that prints into a folder.
Takes orders on http://127.0.0.1:<port>/v1/pieces.

  PRINT_SHOP_TOKEN=… print-shop --folder ./printed --artwork ./artwork --days-per-second 2

${flagLines(flags)}

Environment: PRINT_SHOP_TOKEN (required), PRINT_SHOP_WEBHOOK_SECRET.
Standard output has one line, when the shop is ready:
{"ready":true,"url":"http://127.0.0.1:…","ledger":"…"}. The rest goes to standard error.
Exit codes: 0 stopped, 2 usage, 65 ledger damaged, 69 port in use, 73 folder not writable,
74 write failed, 75 folder in use.
`;

/** The command line that gives a child process these options. The secrets are not in it. */
export function toArguments(options: PrintShopOptions): string[] {
  return argumentsOf(flags, { ...options });
}

export interface CommandLine {
  readonly options: PrintShopOptions;
  readonly untilStdinEnds: boolean;
}

/** Null where `--help` was asked. Throws `TwinError` (usage). */
export function fromArguments(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): CommandLine | null {
  const read = readArguments(flags, argv);
  if (read === null) return null;
  const { given, untilStdinEnds } = read;
  const options = {
    ...(given as Partial<PrintShopOptions>),
    folder: typeof given['folder'] === 'string' ? given['folder'] : '',
    token: environment['PRINT_SHOP_TOKEN'] ?? '',
    webhookSecret:
      typeof given['webhookSecret'] === 'string'
        ? given['webhookSecret']
        : environment['PRINT_SHOP_WEBHOOK_SECRET'],
  };
  return { options, untilStdinEnds };
}

/** Checks the options and fills in the defaults. Throws `TwinError` (usage). */
export function settle(options: PrintShopOptions): Settings {
  if (options.folder === '') throw usageError('--folder is missing: say where the cards go.');
  if (options.token === '')
    throw usageError('PRINT_SHOP_TOKEN is not set: choose a token that clients must send.');
  checkNumbers(flags, { ...options });
  const webhookSecret =
    options.webhookSecret === undefined || options.webhookSecret === ''
      ? null
      : options.webhookSecret;
  if (webhookSecret !== null && !isWebhookSecret(webhookSecret))
    throw usageError('The webhook secret must be whsec_ and the base64 of 24 to 64 bytes.');
  const webhook = options.webhook ?? null;
  if (webhook !== null) {
    const wrong = webhookFault(webhook);
    if (wrong !== null) throw usageError(wrong);
    if (webhookSecret === null)
      throw usageError('--webhook needs a secret to sign with: set PRINT_SHOP_WEBHOOK_SECRET.');
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
