/**
 * Every error becomes a sentence, what to do about it, and an exit code. An error is known by its
 * name and code, and no class is imported for it: a command that only asks one question does not
 * load what it never uses.
 */
import {
  exitCodes,
  messageOf,
  redacted,
  UserError,
  type ExitCode,
} from '@postrider/runner/process';
import { field, type Explanation, type KnownExplanation } from './explanation.ts';
import { file } from './file-errors.ts';
import { server, shop } from './process-errors.ts';
import { connection, database, migration, ofACommand } from './database-errors.ts';

const codeNames: Readonly<Record<ExitCode, string>> = {
  [exitCodes.ok]: 'ok',
  [exitCodes.failed]: 'failed',
  [exitCodes.usage]: 'usage',
  [exitCodes.badData]: 'bad_data',
  [exitCodes.unavailable]: 'unavailable',
  [exitCodes.cannotWrite]: 'cannot_write',
  [exitCodes.tryLater]: 'try_later',
  [exitCodes.noRights]: 'no_rights',
  [exitCodes.configuration]: 'configuration',
  [exitCodes.interrupted]: 'interrupted',
};

export function explain(error: unknown): Explanation {
  const told = tell(error);
  return {
    ...told,
    message: redacted(told.message ?? messageOf(error)),
    hint: told.hint === null ? null : redacted(told.hint),
  };
}

function tell(error: unknown): KnownExplanation {
  if (error instanceof UserError) {
    // What it says is ours; what the server said is known to programs by its SQLSTATE.
    const state =
      error.cause instanceof Error && error.cause.name === 'PostgresError'
        ? field(error.cause, 'code')
        : '';
    return { hint: error.hint, exitCode: error.exitCode, code: state || codeNames[error.exitCode] };
  }
  const code = field(error, 'code');
  switch (error instanceof Error ? error.name : '') {
    case 'ConnectionError': {
      // In the words of the command line, which speaks of DATABASE_URL.
      const { cause, message } = error as Error;
      return { message, ...tell(cause) };
    }
    case 'MachineError':
      return ofACommand(code, field(error, 'hint'), (error as { detail?: unknown }).detail);
    case 'MigrationError':
      return migration(error as Error);
    case 'InvalidOptionsError':
    case 'UnsuitableSessionError':
      return {
        hint: field(error, 'hint') || null,
        exitCode: exitCodes.configuration,
        code: 'configuration',
      };
    case 'PostgresError':
      return database(error as Error, code);
    case 'ServerError':
      return server(
        error as Error & { what: string; kept: string; remedy: string; log: string },
        code,
      );
    case 'TwinError':
      return shop(error as Error & { exitCode: number });
    case 'ConfigurationError':
      return {
        hint: field(error, 'hint') || null,
        exitCode: exitCodes.configuration,
        code: 'configuration',
        // What was found of the list, where it was read.
        detail: (error as { detail?: unknown }).detail,
      };
    case 'SecretError':
      return { hint: field(error, 'hint'), exitCode: exitCodes.configuration, code: 'secret' };
    case 'AdapterConfigError':
      return {
        hint: 'correct the campaign file and apply it again; nothing was changed',
        exitCode: exitCodes.configuration,
        code: 'adapter_option',
      };
    case 'AudienceSourceError':
      return {
        hint: 'pages read before stand, and nobody was taken as having left the segment',
        exitCode: exitCodes.badData,
        code: 'audience',
      };
    case 'AbortError':
      return { hint: null, exitCode: exitCodes.interrupted, code: 'interrupted' };
    default:
      return (
        connection(error, code) ??
        file(error, code) ?? { hint: null, exitCode: exitCodes.failed, code: code || 'failed' }
      );
  }
}
