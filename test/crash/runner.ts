/** A runner process, as its parent has it in hand. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loader } from '../support/loader.ts';
import {
  RUNNER_VARIABLE,
  type RunnerConfig,
  type RunnerWord,
  type Snare,
} from './runner-config.ts';

export interface Runner {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended, with the signal that ended it or the exit code. */
  readonly ended: Promise<string>;
  readonly alive: boolean;
  /** Resolves when it has caught itself in a snare. Rejects where it ends without. */
  snared(): Promise<Snare['point']>;
  /** SIGKILL; resolves when it is dead. */
  kill(): Promise<void>;
  /** SIGTERM: stops in good order; resolves with how it ended. */
  stop(): Promise<string>;
  /** SIGCONT. */
  wake(): void;
  /** Lets a step go on that waits in a snare. */
  go(): void;
  /** The last lines of its log. */
  readonly log: readonly string[];
}

const program = fileURLToPath(new URL('./runner-process.ts', import.meta.url));

/**
 * Starts it, and resolves when its pipeline works. A runner that snares itself before that counts
 * as started.
 */
export async function startRunner(config: RunnerConfig): Promise<Runner> {
  const child = spawn(process.execPath, [...loader, program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      NODE_COMPILE_CACHE: join(tmpdir(), 'postrider-crash-compile-cache'),
      ...process.env,
      [RUNNER_VARIABLE]: JSON.stringify(config),
    },
  });
  const log: string[] = [];
  let alive = true;
  const ready = Promise.withResolvers<void>();
  const snared = Promise.withResolvers<Snare['point']>();
  snared.promise.catch(() => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => {
      alive = false;
      const how = signal ?? String(code);
      const words = `${config.name} ended (${how}):\n${log.join('\n')}`;
      ready.reject(new Error(words));
      snared.reject(new Error(`${words}\nand was never snared`));
      resolve(how);
    });
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const word = JSON.parse(line) as RunnerWord;
    if (word.said === 'snared') snared.resolve(word.point);
    if (word.said !== 'stopped') ready.resolve();
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (process.env['POSTRIDER_CRASH_LOG'] !== undefined) process.stderr.write(`${line}\n`);
    if (log.push(line) > 60) log.shift();
  });
  child.stdin.on('error', () => undefined);
  await ready.promise;
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  return {
    name: config.name,
    pid: child.pid ?? 0,
    ended,
    get alive() {
      return alive;
    },
    snared: async () => await snared.promise,
    async kill() {
      signal('SIGKILL');
      await ended;
    },
    async stop() {
      signal('SIGTERM');
      return await ended;
    },
    wake: () => signal('SIGCONT'),
    go: () => void child.stdin.write('go\n'),
    log,
  };
}
