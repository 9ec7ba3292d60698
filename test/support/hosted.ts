/**
 * Commands of the real command line in a process that this one shares among them: see
 * `cli-host.ts`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { END, type HostedCommand } from './cli-host.ts';
import { loader } from './loader.ts';

export { benchmarks } from '@postrider/bench';
export const entry = fileURLToPath(new URL('../../bin/main.ts', import.meta.url));
/** The program as it is. A test may bring another host, with providers of its own. */
const programHost = fileURLToPath(new URL('./cli-host.ts', import.meta.url));

/**
 * Hosts that have nothing to do: they keep no process. A command that finds none starts one,
 * because commands may wait for each other.
 */
const idle = new Map<string, ChildProcess[]>();

function handlesOf(
  child: ChildProcess,
): ({ ref(): unknown; unref(): unknown } | null | undefined)[] {
  return [child, child.channel, child.stdout as Socket | null, child.stderr as Socket | null];
}

function take(host: string): ChildProcess {
  const child =
    idle.get(host)?.pop() ??
    fork(host, { execArgv: [...loader], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  for (const handle of handlesOf(child)) handle?.ref();
  return child;
}

function giveBack(host: string, child: ChildProcess): void {
  for (const handle of handlesOf(child)) handle?.unref();
  idle.set(host, [...(idle.get(host) ?? []), child]);
}

process.once('beforeExit', () => {
  const all = [...idle.values()].flat();
  idle.clear();
  for (const child of all) {
    // It ends; to wait for it is to clear it away.
    child.ref();
    child.disconnect();
  }
});

/** Runs a command to its end. It has no input, and gets no signals. */
export async function hosted(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  host = programHost,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = take(host);
  const given = Object.entries(env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const command: HostedCommand = {
    entry,
    argv: [process.execPath, entry, ...args],
    cwd,
    env: Object.fromEntries(given),
  };
  const output = Promise.all([untilEnd(child, child.stdout), untilEnd(child, child.stderr)]);
  const answer = once(child, 'message') as Promise<[{ code: number }]>;
  child.send(command);
  const [stdout, stderr] = await output;
  const [{ code }] = await answer;
  giveBack(host, child);
  return { code, stdout, stderr };
}

/** What the stream carries until the mark. Rejects where the host ends before. */
async function untilEnd(
  child: ChildProcess,
  stream: NodeJS.ReadableStream | null,
): Promise<string> {
  if (stream === null) throw new Error('a host has both streams');
  const chunks: Buffer[] = [];
  const mark = Buffer.from(END);
  const all = Promise.withResolvers<string>();
  const early = (code: number | null): void =>
    all.reject(new Error(`the host ended (${code}): ${Buffer.concat(chunks).toString()}`));
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
