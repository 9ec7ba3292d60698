/** Errors that are told to people: a sentence, what helps, and how the process ends. */
import type { ExitCode } from './exit-codes.ts';

/** Something that the person who started the program can mend. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: ExitCode;
  /** What was not lost, and what to do. */
  readonly hint: string | null;
  constructor(exitCode: ExitCode, message: string, hint: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
