/** What is told of an error. */
import type { ExitCode } from '@postrider/runner/process';

export interface Explanation {
  readonly message: string;
  /** What was not lost, and what to do. */
  readonly hint: string | null;
  readonly exitCode: ExitCode;
  /** For programs, with --json: `usage`, `PR011`, `28P01`, `EACCES`. */
  readonly code: string;
  readonly detail?: unknown;
}

/** The message as it is, where no other is given. */
export type KnownExplanation = Omit<Explanation, 'message'> & { readonly message?: string };

export function field(error: unknown, name: string): string {
  const value =
    typeof error === 'object' && error !== null
      ? (error as Record<string, unknown>)[name]
      : undefined;
  return typeof value === 'string' ? value : '';
}
