/** Starts a twin as a child process, which can be killed like a real provider. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitCodes, TwinError } from './errors.ts';
import { unusableFolder, makeFolder } from './folders.ts';

/** What a twin is spawned with, beside options of its own. */
export interface ChildOptions {
  /**
   * True: it goes on when this process ends, and has its log in its folder. Default false: it ends
   * with it, however that ends.
   */
  readonly outlive?: boolean | undefined;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface SpawnOptions {
  /** What the twin is, for example `print shop`: it begins each of its lines so. */
  readonly what: string;
  /** `main.ts` of the twin, or what it was compiled to. */
  readonly entry: URL;
  readonly argv: readonly string[];
  /** Added to the environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The file of its log, where the twin goes on when this process ends. Null: it ends with it,
   * however that ends.
   */
  readonly logFile: string | null;
  /** Gets each line that the twin says, where it has no log of its own. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface SpawnedTwin {
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
 * Resolves when the twin is ready. Rejects with `TwinError`, whose message is what the twin said,
 * where it ends before.
 */
export async function spawnTwin(options: SpawnOptions): Promise<SpawnedTwin> {
  const { what } = options;
  const log = options.logFile === null ? null : openLog(options.logFile);
  const argv = [
    ...loader(options.entry),
    fileURLToPath(options.entry),
    ...options.argv,
    ...(log === null ? ['--until-stdin-ends'] : []),
  ];
  const child = spawn(process.execPath, argv, {
    stdio: log === null ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'pipe', log.descriptor],
    // A group of its own: Ctrl-C is for the starter, which sees to what is under way here, and then
    // ends this one.
    detached: true,
    env: { ...process.env, ...options.env },
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    },
  );
  // The caller that waits for the start is told there; later, an end that nobody waits for is no
  // error.
  ended.catch(() => undefined);
  const said: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const words = withoutName(line, what);
      if (said.length < 100) said.push(words);
      options.log?.(words);
    });
  }
  try {
    const { url, ledger } = await Promise.race([
      readiness(child, what),
      ended.then(({ code, signal }): never => {
        const lines = log === null ? said : log.written().split('\n');
        const words = lines
          .map((line) => withoutName(line, what))
          .join('\n')
          .trim();
        throw new TwinError(
          code ?? exitCodes.ioError,
          words === '' ? `The ${what} ended at once (${signal ?? code}).` : words,
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

function withoutName(line: string, what: string): string {
  return line.startsWith(`${what}: `) ? line.slice(what.length + 2) : line;
}

/** A twin that outlives its starter writes its log beside its ledger. */
function openLog(path: string): {
  readonly descriptor: number;
  written(): string;
  close(): void;
} {
  makeFolder(dirname(path), 0o700);
  try {
    const descriptor = openSync(path, 'a+', 0o600);
    const { size } = fstatSync(descriptor);
    return {
      descriptor,
      written: () => readFileSync(path).subarray(size).toString(),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    throw unusableFolder(dirname(path), error);
  }
}

/**
 * Node from 22.18 runs TypeScript by itself, faster than through tsx; before that tsx is needed.
 */
function loader(entry: URL): string[] {
  const needed = entry.pathname.endsWith('.ts') && !process.features.typescript;
  return needed ? ['--import', import.meta.resolve('tsx')] : [];
}

interface Readiness {
  readonly url: string;
  readonly ledger: string;
}

function readiness(child: ChildProcess, what: string): Promise<Readiness> {
  const { promise, resolve } = Promise.withResolvers<Readiness>();
  if (child.stdout === null) throw new Error(`The ${what} has no standard output.`);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Partial<Readiness> | null;
    if (typeof message?.url === 'string' && typeof message.ledger === 'string')
      resolve({ url: message.url, ledger: message.ledger });
  });
  return promise;
}
