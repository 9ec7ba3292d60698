/** A twin as a process: says when it is ready, and ends when it is told to. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { messageOf, TwinError } from './errors.ts';

/** How long a stop may take before it is forced; a PDF of 500 cards takes about a second. */
const PATIENCE_MS = 10_000;

export interface RunningTwin {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** The id of its ledger. */
  readonly ledger: string;
  /** Resolves when the twin can no longer write. */
  readonly broken: Promise<TwinError>;
  stop(): Promise<void>;
}

/** For a stop that several may ask for: it is done once, and all of them wait for it. */
export function once(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | null = null;
  return () => (stopping ??= stop());
}

export interface TwinProcess {
  /** What the twin is, for example `print shop`: before each line that it says. */
  readonly what: string;
  readonly usage: string;
  /** Null where `--help` was asked. Throws `TwinError` (usage). */
  read(): { readonly untilStdinEnds: boolean; start(): Promise<RunningTwin> } | null;
}

/** A twin as a command, by what its package has: its usage, its arguments, what opens it. */
export function twinProcess<Options>(
  what: string,
  usage: string,
  parts: {
    /** Null where `--help` was asked. Throws `TwinError` (usage). */
    read(): { readonly options: Options; readonly untilStdinEnds: boolean } | null;
    /** Imports what it needs only now. */
    open(options: Options): Promise<RunningTwin>;
  },
): TwinProcess {
  return {
    what,
    usage,
    read() {
      const commandLine = parts.read();
      if (commandLine === null) return null;
      const { options, untilStdinEnds } = commandLine;
      return { untilStdinEnds, start: () => parts.open(options) };
    },
  };
}

/**
 * Runs until a signal, the end of standard input, or a broken ledger ends it, and the process with
 * it. Resolves when it is ready, or when the help was all that was asked for.
 */
export function runTwin(twin: TwinProcess): Promise<'ready' | 'helped'> {
  return run(twin).catch((error: unknown) => fail(twin.what, error));
}

async function run({ what, usage, read }: TwinProcess): Promise<'ready' | 'helped'> {
  const commandLine = read();
  if (commandLine === null) {
    process.stdout.write(usage);
    return 'helped';
  }
  // Compiled code is kept for the next start, which saves it a third of its time; it helps only
  // what is imported from here on.
  enableCompileCache();
  const twin = await commandLine.start();
  let stopping = false;
  const stop = (exitCode: number): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(exitCode), PATIENCE_MS).unref();
    twin.stop().then(
      () => process.exit(exitCode),
      (error: unknown) => fail(what, error),
    );
  };
  const onSignal = (): void => {
    // A second Ctrl-C does not wait.
    if (stopping) process.exit(130);
    stop(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  void twin.broken.then(({ exitCode }) => stop(exitCode));
  if (commandLine.untilStdinEnds) {
    process.stdin.on('end', () => stop(0)).on('error', () => stop(0));
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, url: twin.url, ledger: twin.ledger })}\n`);
  // Not left to the end, because a twin may be killed.
  flushCompileCache();
  return 'ready';
}

function fail(what: string, error: unknown): never {
  process.stderr.write(`${what}: ${messageOf(error)}\n`);
  process.exit(error instanceof TwinError ? error.exitCode : 1);
}
