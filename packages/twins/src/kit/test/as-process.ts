/** What holds of every twin as a process: how it is typed, and what a kill does to its folder. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loader } from '../../../../../test/support/loader.ts';

interface Typed {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs the command line of a twin to its end. `main`: the file that is started. */
export async function typed(
  main: URL,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Typed> {
  const child = spawn(process.execPath, [...loader, fileURLToPath(main), ...argv], {
    env: { ...process.env, ...env },
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, errors };
}

export interface Usage {
  readonly main: URL;
  /** Of its words to people. */
  readonly name: string;
  readonly flags: readonly string[];
  /** What is refused, by which words. */
  readonly refused: readonly (readonly [
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    words: RegExp,
  ])[];
}

export async function saysWhatItTakes({ main, name, flags, refused }: Usage): Promise<void> {
  const help = await typed(main, ['--help']);
  assert.equal(help.code, 0);
  for (const flag of flags) assert.ok(help.out.includes(flag), flag);
  assert.ok(help.out.split('\n').every((line) => line.length <= 130));
  for (const [argv, env, words] of refused) {
    const { code, errors } = await typed(main, argv, env);
    assert.equal(code, 2, errors);
    assert.match(errors, words);
    assert.ok(errors.startsWith(`${name}: `), errors);
  }
}

interface Started {
  readonly child: { kill(): Promise<unknown>; stop(): Promise<unknown> };
}

/**
 * A kill in the middle of a line, a damaged ledger, and a folder that is in use. `make`: the first
 * entry; `there`: it is told of as acknowledged.
 */
export async function keepsItsFolder<Twin extends Started>(
  folder: string,
  name: string,
  twin: {
    readonly start: () => Promise<Twin>;
    readonly make: (running: Twin) => Promise<unknown>;
    readonly there: (running: Twin) => Promise<void>;
  },
): Promise<void> {
  const first = await twin.start();
  await twin.make(first);
  await assert.rejects(twin.start(), new RegExp(`Another ${name} .* works in this folder`));
  await first.child.kill();
  const path = join(folder, 'ledger.ndjson');
  await appendFile(path, '{"kind":"unfinis');
  const second = await twin.start();
  await twin.there(second);
  await second.child.stop();
  assert.doesNotMatch(await readFile(path, 'utf8'), /"unfinis$/);
  await appendFile(path, '{"kind":"surprise","at":1,"travel":1}\n');
  await assert.rejects(twin.start(), /Line 3 of the ledger .* "surprise" is not known/);
}
