/** Errors of processes that are started: the embedded server and the print shop. */
import { exitCodes, type ExitCode } from '@postrider/runner/process';
import type { KnownExplanation } from './explanation.ts';

/** What the embedded server cannot know: what its data are to those who mail. */
const ofMailing: Readonly<Record<string, { readonly kept?: string; readonly remedy: string }>> = {
  damaged: {
    kept: 'Cards already printed stay known to their printers.',
    remedy: 'Run `reconcile --since` before mailing resumes, so that nothing is printed twice.',
  },
  read_only: { remedy: 'POSTRIDER_HOME names the directory of the project.' },
};

const serverCodes: Readonly<Record<string, ExitCode>> = {
  no_user: exitCodes.noRights,
  no_rights: exitCodes.noRights,
  disk_full: exitCodes.cannotWrite,
  read_only: exitCodes.cannotWrite,
  busy: exitCodes.tryLater,
  configuration: exitCodes.configuration,
};

export function server(
  error: { what: string; kept: string; remedy: string; log: string },
  code: string,
): KnownExplanation {
  const log =
    error.log === '' ? '' : `\nThe server's log ends with:\n${error.log.replace(/^/gm, '  ')}`;
  const { kept, remedy } = ofMailing[code] ?? {};
  const hint = [error.kept, kept, error.remedy, remedy].filter((part) => part !== undefined);
  return {
    message: error.what,
    hint: `${hint.join(' ')}${log}`,
    exitCode: serverCodes[code] ?? exitCodes.unavailable,
    code,
  };
}

export function shop(error: { exitCode: number }): KnownExplanation {
  const known = Object.values(exitCodes).find((code) => code === error.exitCode);
  // The shop's 74 is a write that failed while it ran.
  // Before it has opened there is nothing in it to speak of.
  const hint =
    error.exitCode === exitCodes.cannotWrite
      ? 'mend the folder, or name another: `postrider print-shop start --folder <dir>`'
      : 'what it accepted is in its ledger: run the same command again';
  return {
    hint,
    exitCode: error.exitCode === 74 ? exitCodes.cannotWrite : (known ?? exitCodes.failed),
    code: 'print_shop',
  };
}
