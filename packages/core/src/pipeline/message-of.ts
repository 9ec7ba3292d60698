import { inspect } from 'node:util';

/** What went wrong, in a line: anything may be thrown. */
export const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : inspect(error, { depth: 1 });
};
