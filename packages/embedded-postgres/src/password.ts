/** The password of the owner for TCP: a file in the home, mode 0600. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { asAccount, runAs, type Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { passwordStatement, randomPassword } from './cluster.ts';
import { ServerError, ownServerHint } from './errors.ts';
import { majorOf, type Home } from './layout.ts';
import { stopPostmaster } from './postmaster.ts';

/**
 * Reads the password; null where it is missing. A symbolic link is not followed: the file's
 * directory may belong to another user.
 */
export function readPassword(home: Home): string | null {
  try {
    const file = openSync(home.passwordFile, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (!fstatSync(file).isFile()) return null;
      return readFileSync(file, 'utf8').trim() || null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/**
 * Makes the password of a new home, or a new one where somebody removed the file: then the role
 * gets it while the server is down.
 */
export async function newPassword(
  home: Home,
  account: Account,
  binaries: Binaries,
): Promise<string> {
  const password = randomPassword();
  const existing = majorOf(home) !== null;
  if (existing) {
    await stopPostmaster(account, home.dataDir);
    const input = `${passwordStatement(home.application, password)};\n`;
    const done = await runAs(
      account,
      binaries.postgres,
      ['--single', '-D', home.dataDir, home.application],
      { input },
    );
    if (!done.ok || /\b(ERROR|FATAL|PANIC): /.test(done.out)) {
      throw new ServerError('failed', {
        what:
          `The password file ${home.passwordFile} is missing, ` +
          'and a new password could not be set.',
        kept: 'The data are untouched.',
        remedy: `Put the file back, or read the messages below. ${ownServerHint}`,
        log: done.out,
      });
    }
  }
  const written = asAccount(
    account,
    'cat >"$1.new" && mv "$1.new" "$1"',
    [home.passwordFile],
    password,
  );
  if (!written.ok) {
    throw new ServerError(/No space/.test(written.out) ? 'disk_full' : 'no_rights', {
      what: `The password file ${home.passwordFile} cannot be written.`,
      kept: 'Nothing was started; data that exist are untouched.',
      remedy: `Make its directory writable for user ${account.name}. ${ownServerHint}`,
      log: written.out,
    });
  }
  return password;
}
