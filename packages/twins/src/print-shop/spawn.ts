/** Starts the print shop as a child process, which can be killed like a real one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitCodes, ShopError } from './errors.ts';
import { toArguments, type PrintShopOptions } from './options.ts';

export interface SpawnPrintShopOptions extends PrintShopOptions {
  /** True: the shop goes on when this process ends, as the one of a demonstration does. Default false: it ends with it, however that ends. */
  readonly outlive?: boolean | undefined;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface SpawnedPrintShop {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
  /** Sends the signal, SIGKILL by default; resolves when the process has ended. Do not use it with SIGSTOP: signal `pid` instead. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Resolves when the shop is ready. Rejects with `ShopError`, whose message is what the shop said, where it ends before. */
export async function spawnPrintShop(options: SpawnPrintShopOptions): Promise<SpawnedPrintShop> {
  const outlive = options.outlive === true;
  const child = spawn(
    process.execPath,
    [...loader(), fileURLToPath(entry), ...toArguments(options), ...(outlive ? [] : ['--until-stdin-ends'])],
    {
      stdio: [outlive ? 'ignore' : 'pipe', 'pipe', outlive ? 'inherit' : 'pipe'],
      detached: outlive,
      env: {
        ...process.env,
        PRINT_SHOP_TOKEN: options.token,
        ...(options.webhookSecret === undefined ? {} : { PRINT_SHOP_WEBHOOK_SECRET: options.webhookSecret }),
        ...options.env,
      },
    },
  );
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // Whoever waits for the start hears of it there; later, an end that nobody waits for is no error.
  exited.catch(() => undefined);
  const said: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 100) said.push(line);
      options.log?.(line.replace(/^print shop: /, ''));
    });
  }
  const url = await Promise.race([
    readyUrl(child),
    exited.then(({ code, signal }) => {
      const words = said.join('\n').replaceAll(/^print shop: /gm, '');
      throw new ShopError(code ?? exitCodes.ioError, words === '' ? `The print shop ended at once (${signal ?? code}).` : words);
    }),
  ]);
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  if (outlive) child.unref();
  return { url, port: Number(new URL(url).port), pid: child.pid ?? 0, exited, stop: () => kill('SIGTERM'), kill };
}

const entry = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);

/** Node from 22.18 runs TypeScript by itself, faster than through tsx; before that tsx is needed. */
function loader(): string[] {
  const needed = entry.pathname.endsWith('.ts') && !process.features.typescript;
  return needed ? ['--import', import.meta.resolve('tsx')] : [];
}

function readyUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  if (child.stdout === null) throw new Error('The print shop has no standard output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message: unknown = JSON.parse(line);
    if (typeof message === 'object' && message !== null && 'url' in message && typeof message.url === 'string') resolve(message.url);
  });
  return promise;
}
