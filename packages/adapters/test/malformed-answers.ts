/** A server in the place of a provider, which answers what nobody should, often. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { server } from './answering.ts';
import { bodies, flatMemory, limitHeaders, statuses } from './malformed.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Answering {
  readonly url: string;
  /** What each request is answered from now on. */
  give(status: number, body: Buffer, headers?: Answer['headers']): void;
  /** Asks so often, with answers that come of these, and sees to it that memory stays flat. */
  often(
    inputs: number,
    whole: readonly unknown[],
    ask: (body: Buffer, status: number) => Promise<void>,
  ): Promise<void>;
}

export async function answering(): Promise<Answering> {
  let next: Answer | null = null;
  const { url, seen } = await server((_, response) => {
    seen.length = 0;
    const { status, headers, body } = next ?? assert.fail('no answer was given');
    response.writeHead(status, headers).end(body);
  });
  const give: Answering['give'] = (status, body, headers = {}) => {
    next = { status, headers, body };
  };
  return {
    url,
    give,
    async often(inputs, whole, ask) {
      const memory = flatMemory(inputs);
      const answer = fc.asyncProperty(
        bodies(whole),
        statuses,
        limitHeaders,
        async (told, status, headers) => {
          const body = status === 204 || status === 304 ? Buffer.alloc(0) : told;
          give(status, body, sendable(headers));
          await ask(body, status);
          memory.seen();
        },
      );
      await fc.assert(answer, { numRuns: inputs });
      memory.check();
    },
  };
}

function sendable(headers: Answer['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, '')]),
  );
}

export type Loose = Record<string, unknown> | undefined;

/** Read by the test itself, as loosely as can be; undefined where it is no JSON. */
export function loosely(body: Buffer): Loose {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? (value as Loose) : undefined;
  } catch {
    return undefined;
  }
}
