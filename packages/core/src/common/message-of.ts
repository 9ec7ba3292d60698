/** What an error says, whatever was thrown. */
import { inspect } from 'node:util';

/** What went wrong, in a line: anything may be thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) {
    // fetch hides the reason in the cause; of a name with several addresses each has one.
    const inner: unknown[] =
      error instanceof AggregateError
        ? error.errors
        : error.message === 'fetch failed'
          ? [error.cause]
          : [];
    const why = [...new Set(inner.filter((one) => one !== undefined).map(messageOf))].join('; ');
    return [error.message, why].filter((part) => part !== '').join(': ') || error.name;
  }
  return typeof error === 'string' ? error : inspect(error, { depth: 1 });
}
