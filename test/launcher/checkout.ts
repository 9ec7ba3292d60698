/**
 * A small checkout with the real programs of bin/, a stand-in for npx that "installs" from what is
 * here, and a main that tells how it was run.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the main program prints. */
export interface Told {
  readonly arguments: string[];
  readonly directory: string;
  readonly node: string;
  readonly flags: string[];
}

export interface Checkout {
  readonly root: string;
  readonly base: string;
  /** The stand-ins npx and node; their directory leads PATH. */
  readonly tools: string;
  run(program: string, args?: readonly string[], options?: RunOptions): Promise<Run>;
  /** How often npx was called, with its arguments. */
  installs(): string[];
  /**
   * Replaces the stand-in for npx by a script; `$ROOT` is the checkout. `real_install` in it does
   * what the usual one does.
   */
  npx(script: string): void;
  remove(): void;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly uid?: number;
  /** Called with the running process, for example to kill it. */
  readonly started?: (pid: number) => void;
}

const main = `import type { Stats } from 'node:fs';
const told: { arguments: string[]; directory: string; node: string; flags: string[] } = {
  arguments: process.argv.slice(2), directory: process.cwd(),
  node: process.execPath, flags: process.execArgv,
};
if (told.arguments[0] === 'exit') process.exit(Number(told.arguments[1]));
console.log(JSON.stringify(told));
export type { Stats };
`;

export function makeCheckout(name = 'checkout'): Checkout {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'postrider-launcher-')));
  chmodSync(base, 0o755);
  const root = join(base, name);
  const tools = join(base, 'tools');
  mkdirSync(tools, { recursive: true });
  cpSync(join(repository, 'bin'), join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 9\n');
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(root, 'bin', 'main.ts'), main);
  const log = join(base, 'installs');
  const bundledNode = realpathSync(join(repository, 'node_modules', '.bin', 'node'));
  const program = (path: string, text: string): void =>
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const npx = (script: string): void =>
    program(
      join(tools, 'npx'),
      `ROOT=$PWD; printf '%s\\n' "$*" >>'${log}'
      real_install() {
        mkdir -p "$ROOT/node_modules/.bin"
        ln -sfn '${bundledNode}' "$ROOT/node_modules/.bin/node"
        ln -sfn '${join(repository, 'node_modules', 'tsx')}' "$ROOT/node_modules/tsx"
      }
      ${script}`,
    );
  npx('echo "chatter of the installer"; real_install');
  program(join(tools, 'node'), 'exit 0'); // a system Node too old to use: it does not say its path
  return {
    root,
    base,
    tools,
    npx,
    installs: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    remove: () => rmSync(base, { recursive: true, force: true }),
    run: (file, args = [], options = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(file, args, {
          cwd: options.cwd ?? root,
          env: { PATH: `${tools}:/usr/bin:/bin`, HOME: base, ...options.env },
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
          ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
        });
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        child.once('spawn', () => options.started?.(child.pid ?? 0));
        child.once('error', reject);
        child.once('close', (code) => resolve({ code, stdout, stderr }));
      }),
  };
}

export function told(run: Run): Told {
  return JSON.parse(run.stdout) as Told;
}

/**
 * Puts a directory without some programs in the place of /usr/bin: links to everything a launcher
 * may need.
 */
export function barePath(checkout: Checkout, without: readonly string[]): string {
  const dir = join(checkout.base, `bare-${without.join('-')}`);
  mkdirSync(dir, { recursive: true });
  const needed = [
    'sh',
    'cksum',
    'uname',
    'cat',
    'mkdir',
    'rmdir',
    'mv',
    'rm',
    'ls',
    'id',
    'sleep',
    'tail',
    'readlink',
    'ps',
    'mktemp',
    'sed',
    'grep',
  ];
  for (const name of needed) {
    const found = ['/bin', '/usr/bin']
      .map((place) => join(place, name))
      .find((path) => existsSync(path));
    if (found !== undefined && !without.includes(name) && !existsSync(join(dir, name)))
      symlinkSync(found, join(dir, name));
  }
  return dir;
}
