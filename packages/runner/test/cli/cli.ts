/** The real command line as a child process, on a database of the test's own. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCsv } from '../../src/cli/csv.ts';
import { END, type HostedCommand } from './cli-host.ts';

const host = fileURLToPath(new URL('./cli-host.ts', import.meta.url));
const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
export const bakery = fileURLToPath(new URL('../../../../examples/bakery', import.meta.url));
/** A Node that runs TypeScript by itself starts in half the time. */
const loader = process.features.typescript === false ? ['--import', import.meta.resolve('tsx')] : [];

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

/** A project directory that goes with the test. */
export function projectHome(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'postrider-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A copy of the example with the first rows of its list, which a test may spoil. Returns its folder. */
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
  return spawn(process.execPath, [...loader, entry, ...args], { cwd: place.home, stdio: [stdin, stdout, 'pipe'], env: environment(place) });
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
  return { ...inherited, ...(place.url === null ? {} : { DATABASE_URL: place.url }), POSTRIDER_HOME: place.home, ...place.env };
}

/** A whole process for what takes its input, hands it on to another program or lives until it is told to end; the others share one. */
const own = new Set(['run', 'psql', 'demo']);

/** Runs a command to its end, in a process that may have run others before; with `input`, or for what needs it, in one of its own. */
export async function cli(place: CliPlace, args: readonly string[], input?: string): Promise<CliRun> {
  if (input === undefined && !args.some((word) => own.has(word))) return await hosted(place, args);
  const child = startCli(place, args, input === undefined ? 'ignore' : 'pipe');
  child.stdin?.end(input);
  return await ended(child);
}

/** Hosts that have nothing to do. Whoever finds none starts one: commands may wait for each other. */
const idle: ChildProcess[] = [];

async function hosted(place: CliPlace, args: readonly string[]): Promise<CliRun> {
  const child = idle.pop() ?? startHost();
  const env = Object.fromEntries(Object.entries(environment(place)).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const command: HostedCommand = { argv: [process.execPath, entry, ...args], cwd: place.home, env };
  const output = Promise.all([untilEnd(child, child.stdout), untilEnd(child, child.stderr)]);
  const answer = once(child, 'message') as Promise<[{ code: number }]>;
  child.send(command);
  const [stdout, stderr] = await output;
  const [{ code }] = await answer;
  idle.push(child);
  return resultOf(code, stdout, stderr);
}

function startHost(): ChildProcess {
  return fork(host, { execArgv: loader, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

after(async () => {
  await Promise.all(
    idle.map(async (child) => {
      child.disconnect();
      await once(child, 'close');
    }),
  );
});

/** What the stream carries until the mark. Rejects where the host ends before. */
async function untilEnd(child: ChildProcess, stream: NodeJS.ReadableStream | null): Promise<string> {
  if (stream === null) throw new Error('a host has both streams');
  const chunks: Buffer[] = [];
  const mark = Buffer.from(END);
  const all = Promise.withResolvers<string>();
  const early = (code: number | null): void => all.reject(new Error(`the host ended (${code}): ${Buffer.concat(chunks).toString()}`));
  let tail = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    chunks.push(chunk);
    tail = Buffer.concat([tail, chunk.subarray(-mark.length)]).subarray(-mark.length);
    if (tail.equals(mark)) all.resolve(Buffer.concat(chunks).subarray(0, -mark.length).toString());
  };
  stream.on('data', read);
  child.once('close', early);
  try {
    return await all.promise;
  } finally {
    stream.off('data', read);
    child.off('close', early);
  }
}

export async function ended(child: ChildProcess): Promise<CliRun> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return resultOf(code, stdout, stderr);
}

function resultOf(code: number | null, stdout: string, stderr: string): CliRun {
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
    createInterface({ input: child.stdout }).once('line', (line) => resolve((JSON.parse(line) as { url: string }).url));
    end.then(({ stderr }) => reject(new Error(`the runner ended: ${stderr}`)), reject);
  });
  const url = await ready;
  return {
    url,
    child,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await end;
    },
  };
}
