/** `secrets key` and `secrets rotate`: the keys with which secrets are sealed. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  makeSealingKey,
  readSealingKeys,
  resealSecret,
  seal,
  SEALING_KEYS,
  secretsToReseal,
  SecretError,
  unseal,
  type SealingKey,
} from '@postrider/core';
import { openDatabase } from '@postrider/runner/database';
import type { Project } from '@postrider/runner/project';
import { count, exitCodes, UserError } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';

/** Makes a key. It is printed only where that is asked for. */
export async function makeKey(cli: Cli, print: boolean): Promise<void> {
  const made = makeSealingKey();
  const [key] = readSealingKeys(made);
  const id = key?.id ?? '';
  if (print) {
    if (cli.out.json) cli.out.emit({ id, key: made });
    else cli.out.print(made);
    return;
  }
  const project = await cli.project();
  const elsewhere = [SEALING_KEYS, `${SEALING_KEYS}_FILE`].find(
    (name) => (process.env[name] ?? '').trim() !== '',
  );
  if (elsewhere !== undefined)
    throw new UserError(
      exitCodes.configuration,
      `the sealing keys come from ${elsewhere}, which this command does not change`,
      `postrider secrets key --print makes one: put it before those that are there, apart by a ` +
        'blank. Nothing was changed',
    );
  const path = keep(project, made);
  const older = readSealingKeys(project.secret(SEALING_KEYS)).slice(1);
  cli.out.result(
    { id, path, older: older.map((one) => one.id) },
    `sealing key ${id} is made, in ${path}: ` +
      'keep a copy of it where backups of the database are not',
  );
  if (older.length > 0)
    cli.out.note('it is the newest; to seal everything with it: postrider secrets rotate');
}

/** The newest first, in a file that its owner alone reads. */
function keep(project: Project, made: string): string {
  const folder = join(project.directory, 'var', 'secrets');
  const path = join(folder, SEALING_KEYS);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${SEALING_KEYS}.${process.pid}`);
  try {
    const there = project.secret(SEALING_KEYS);
    // Refused before anything is written.
    readSealingKeys(there);
    writeFileSync(draft, [made, ...(there === undefined ? [] : [there]), ''].join('\n'), {
      mode: 0o600,
      flag: 'wx',
    });
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  if (!readFileSync(path, 'utf8').startsWith(made))
    throw new UserError(exitCodes.cannotWrite, `the key could not be kept in ${path}`);
  return path;
}

/**
 * Seals everything with the newest key. What is sealed with it already is passed over, so that a
 * call that was broken off goes on.
 */
export async function resealAll(cli: Cli): Promise<void> {
  const project = await cli.project();
  const keys = readSealingKeys(project.secret(SEALING_KEYS));
  const [newest] = keys;
  if (newest === undefined)
    throw new SecretError(
      `${SEALING_KEYS} is not set: nothing can be sealed`,
      'make one: postrider secrets key. Nothing was changed',
    );
  await using database = await openDatabase(cli);
  const { sql } = database;
  const faults: string[] = [];
  let resealed = 0;
  for (const one of await secretsToReseal(sql, newest.id)) {
    try {
      const again = seal(unseal(one, one, keys), one, [newest]);
      if (await resealSecret(sql, one, again)) resealed += 1;
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      faults.push(`connection ${one.connection}: ${error.message}`);
    }
  }
  tellFaults(cli, faults, resealed);
  cli.out.result(
    { key: newest.id, resealed, faults, unneeded: faults.length > 0 ? [] : olderThan(keys) },
    `${count(resealed, 'secret is', 'secrets are')} sealed again with key ${newest.id}` +
      (faults.length > 0 || keys.length < 2
        ? ''
        : `; once every runner has it, take ${olderThan(keys).join(', ')} out of ${SEALING_KEYS}`),
  );
}

function olderThan([, ...older]: readonly SealingKey[]): string[] {
  return older.map(({ id }) => id);
}

function tellFaults({ out }: Cli, faults: readonly string[], resealed: number): void {
  if (faults.length === 0) return;
  for (const fault of faults) out.warn(fault);
  throw new UserError(
    exitCodes.failed,
    `${count(faults.length, 'secret')} could not be sealed again`,
    `${count(resealed, 'other is', 'others are')} done; add the keys that are missing and call ` +
      'it again, or replace the secrets: postrider connection rotate',
  );
}
