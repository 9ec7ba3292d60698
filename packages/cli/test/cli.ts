/** The real command line as a child process, on a database of the test's own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { entry, hosted } from '../../../test/support/hosted.ts';
import { loader } from '../../../test/support/loader.ts';
import { readCsv } from '../src/demo/csv.ts';

export const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON, one value a line. */
  json<Value = Record<string, unknown>>(): Value[];
}

export interface CliPlace {
  /** Of the database; null: the embedded server. */
  readonly url: string | null;
  /** The project directory. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
}

export { projectHome } from '../../../test/support/project-home.ts';

/**
 * A copy of the example with the first rows of its list, which a test may spoil. Returns its
 * folder.
 */
export function shortBakery(home: string, rows: number): string {
  const folder = join(home, 'bakery');
  cpSync(bakery, folder, { recursive: true });
  const list = join(folder, 'customers.csv');
  const text = readFileSync(list, 'utf8');
  // A row may go over several lines.
  const next = readCsv(text)[rows + 1]?.line ?? Infinity;
  writeFileSync(
    list,
    text
      .split('\n')
      .slice(0, next - 1)
      .join('\n'),
  );
  return folder;
}

export function startCli(
  place: CliPlace,
  args: readonly string[],
  stdin: 'ignore' | 'pipe' = 'ignore',
  stdout: 'pipe' | number = 'pipe',
): ChildProcess {
  return spawn(process.execPath, [...loader, entry, ...args], {
    cwd: place.home,
    stdio: [stdin, stdout, 'pipe'],
    env: environment(place),
  });
}

function environment(place: CliPlace): NodeJS.ProcessEnv {
  const {
    DATABASE_URL: _own,
    DATABASE_URL_FILE: _file,
    FORCE_COLOR: _color,
    NODE_OPTIONS: _options,
    NODE_TEST_CONTEXT: _test,
    ...inherited
  } = process.env;
  return {
    ...inherited,
    ...(place.url === null ? {} : { DATABASE_URL: place.url }),
    POSTRIDER_HOME: place.home,
    ...place.env,
  };
}

/** Hands its streams on to another program, or lives until it is told to end. */
function isAlone(args: readonly string[]): boolean {
  return args[0] === 'psql' || (args.includes('run') && !args.includes('--once'));
}

/**
 * Runs a command to its end, in a process that may have run others before; with `input` in one of
 * its own.
 */
export async function cli(
  place: CliPlace,
  args: readonly string[],
  input?: string,
): Promise<CliRun> {
  if (input === undefined && !isAlone(args)) {
    const { code, stdout, stderr } = await hosted(args, place.home, environment(place));
    return resultOf(code, stdout, stderr);
  }
  const child = startCli(place, args, input === undefined ? 'ignore' : 'pipe');
  child.stdin?.end(input);
  return await ended(child);
}

export async function ended(child: ChildProcess): Promise<CliRun> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return resultOf(code, stdout, stderr);
}

export function resultOf(code: number | null, stdout: string, stderr: string): CliRun {
  return {
    code,
    stdout,
    stderr,
    json: <Value>() =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Value),
  };
}

export interface Runner {
  readonly url: string;
  readonly child: ChildProcess;
  /**
   * Where its inspector listens. Only of one that was started with `NODE_OPTIONS:
   * '--inspect=127.0.0.1:0'`.
   */
  inspector(): Promise<string>;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<CliRun>;
}

/** `postrider run`, once it is ready. */
export async function startRunner(place: CliPlace, args: readonly string[] = []): Promise<Runner> {
  const child = startCli(place, ['run', '--json', '--port', '0', ...args]);
  const end = ended(child);
  if (child.stdout === null) throw new Error('no stdout');
  const ready = new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { url: string }).url),
    );
    end.then(({ stderr }) => reject(new Error(`the runner ended: ${stderr}`)), reject);
  });
  let said = '';
  child.stderr?.on('data', (text: string) => (said = (said + text).slice(0, 10_000)));
  const url = await ready;
  return {
    url,
    child,
    inspector: async () => {
      for (;;) {
        const address = /^Debugger listening on (ws:\S+)$/m.exec(said)?.[1];
        if (address !== undefined) return await Promise.resolve(address);
        await once(child.stderr ?? child, 'data');
      }
    },
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await end;
    },
  };
}
