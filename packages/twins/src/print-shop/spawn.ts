/** Starts the print shop as a child process, which can be killed like a real one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitCodes, messageOf, ShopError } from './errors.ts';
import { makeFolder } from './folders.ts';
import { toArguments, type PrintShopOptions } from './options.ts';

export interface SpawnPrintShopOptions extends PrintShopOptions {
  /**
   * True: the shop goes on when this process ends, and logs to `shop/shop.log` in its folder.
   * Default false: it ends with it, however that ends.
   */
  readonly outlive?: boolean | undefined;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface SpawnedPrintShop {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The id of its ledger. */
  readonly ledger: string;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
  }>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
  /**
   * Sends the signal, SIGKILL by default; resolves when the process has ended. Do not use it with
   * SIGSTOP: signal `pid` instead.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Resolves when the shop is ready. Rejects with `ShopError`, whose message is what the shop said,
 * where it ends before.
 */
export async function spawnPrintShop(options: SpawnPrintShopOptions): Promise<SpawnedPrintShop> {
  const log = options.outlive === true ? openLog(options.folder) : null;
  const argv = [
    ...loader(),
    fileURLToPath(entry),
    ...toArguments(options),
    ...(log === null ? ['--until-stdin-ends'] : []),
  ];
  const child = spawn(process.execPath, argv, {
    stdio: log === null ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'pipe', log.descriptor],
    // A group of its own: Ctrl-C is for the starter, which sees to the cards that are under way
    // here, and then ends this one.
    detached: true,
    env: {
      ...process.env,
      PRINT_SHOP_TOKEN: options.token,
      ...(options.webhookSecret === undefined
        ? {}
        : { PRINT_SHOP_WEBHOOK_SECRET: options.webhookSecret }),
      ...options.env,
    },
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    },
  );
  // Whoever waits for the start hears of it there; later, an end that nobody waits for is no error.
  ended.catch(() => undefined);
  const said: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 100) said.push(line);
      options.log?.(line.replace(/^print shop: /, ''));
    });
  }
  try {
    const { url, ledger } = await Promise.race([
      readiness(child),
      ended.then(({ code, signal }): never => {
        const words = (log === null ? said.join('\n') : log.written())
          .replaceAll(/^print shop: /gm, '')
          .trim();
        throw new ShopError(
          code ?? exitCodes.ioError,
          words === '' ? `The print shop ended at once (${signal ?? code}).` : words,
        );
      }),
    ]);
    const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
      child.kill(signal);
      await ended;
    };
    if (log !== null) {
      // Nothing more is said there, and neither the pipe nor the child may keep this process.
      child.stdout?.destroy();
      child.unref();
    }
    return {
      url,
      port: Number(new URL(url).port),
      pid: child.pid ?? 0,
      ledger,
      exited: ended,
      stop: () => kill('SIGTERM'),
      kill,
    };
  } finally {
    log?.close();
  }
}

/** A shop that outlives its starter writes its log beside its ledger. */
function openLog(folder: string): {
  readonly descriptor: number;
  written(): string;
  close(): void;
} {
  const path = join(folder, 'shop', 'shop.log');
  makeFolder(join(folder, 'shop'), 0o700);
  try {
    const descriptor = openSync(path, 'a+', 0o600);
    const { size } = fstatSync(descriptor);
    return {
      descriptor,
      written: () => readFileSync(path).subarray(size).toString(),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    throw new ShopError(
      exitCodes.cannotCreate,
      `The folder ${folder} cannot be used: ${messageOf(error)}. Nothing was accepted.`,
      {
        cause: error,
      },
    );
  }
}

const entry = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);

/**
 * Node from 22.18 runs TypeScript by itself, faster than through tsx; before that tsx is needed.
 */
function loader(): string[] {
  const needed = entry.pathname.endsWith('.ts') && !process.features.typescript;
  return needed ? ['--import', import.meta.resolve('tsx')] : [];
}

interface Readiness {
  readonly url: string;
  readonly ledger: string;
}

function readiness(child: ChildProcess): Promise<Readiness> {
  const { promise, resolve } = Promise.withResolvers<Readiness>();
  if (child.stdout === null) throw new Error('The print shop has no standard output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Partial<Readiness> | null;
    if (typeof message?.url === 'string' && typeof message.ledger === 'string')
      resolve({ url: message.url, ledger: message.ledger });
  });
  return promise;
}
