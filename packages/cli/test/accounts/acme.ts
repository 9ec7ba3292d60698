/**
 * A small provider of the tests, with accounts: a printer that is spoken to by HTTP. Its office is
 * `acme-office.ts`, in the process of the test.
 */
import { z } from 'zod';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Provider } from '@postrider/adapters';
import { parseOptions } from '../../../adapters/src/kit/options.ts';
import type { AccountFinding, Connection, Printer, SubmitResult } from '@postrider/core/ports';

const options = z.object({
  url: z.url().describe('where its office is'),
  pieces: z.number().default(50).describe('most cards in one request'),
});

const cardOptions = z.strictObject({ artwork: z.enum(['bytes', 'links']).default('bytes') });

async function ask(
  { secrets, options: given }: Pick<Connection, 'secrets' | 'options'>,
  path: string,
  { body, signal }: { readonly body?: unknown; readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly told: Record<string, unknown> }> {
  const [key = ''] = secrets('api_key');
  const response = await fetch(new URL(path, String(given['url'])), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}` },
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, told: (await response.json()) as Record<string, unknown> };
}

function printerOf(connection: Connection, takesWholeFiles: boolean): Printer {
  const local = createNoopPrinter();
  const call = {
    options: connection.options,
    secrets: (purpose: string) => connection.secrets(purpose),
  };
  return {
    ...local,
    takesWholeFiles,
    async submit(pieces, guard, { signal }) {
      const results: SubmitResult[] = [];
      for (const { reference, idempotencyKey, mode } of pieces) {
        guard.assertMaySend();
        const { status, told } = await ask(call, '/cards', {
          body: { piece: reference.mailpieceId, key: idempotencyKey, mode },
          signal,
        });
        results.push(
          status === 200
            ? {
                outcome: 'accepted',
                providerId: String(told['id']),
                replayed: false,
                expectedDelivery: null,
              }
            : { outcome: 'retry', afterMs: 1000, message: String(told['error']) },
        );
      }
      return results;
    },
  };
}

const sink = {
  options: z.object({}),
  create: () => ({ emit: async () => await Promise.resolve([]) }),
};

export const acme: Provider = {
  kind: 'acme',
  title: 'A printer of the tests, with accounts',
  formats: ['4x6', '6x9', '6x11'],
  mailClasses: ['first_class', 'standard'],
  printer: {
    options: cardOptions,
    create(given, { connection }) {
      const { artwork } = parseOptions('printer', cardOptions, given);
      if (connection === undefined) throw new Error('acme is reached by a connection');
      return printerOf(connection, artwork === 'links');
    },
  },
  connection: {
    options,
    secrets: [
      {
        purpose: 'api_key',
        title: 'API key',
        required: true,
        problem: (value) =>
          /^acme_\w+$/.test(value) ? null : 'it begins with acme_, and has no blanks',
      },
      { purpose: 'webhook', title: 'webhook secret', required: false, problem: () => null },
    ],
    modeOf: (key) => (/^acme_(test|live)_/.exec(key)?.[1] as 'test' | 'live' | undefined) ?? null,
    async check(connection, { signal }): Promise<AccountFinding> {
      const { status, told } = await ask(
        { options: connection.options, secrets: (purpose) => connection.secrets(purpose) },
        '/account',
        { signal },
      );
      if (status === 200)
        return {
          outcome: 'usable',
          mode: told['mode'] === 'live' ? 'live' : 'test',
          account: String(told['owner']),
          notes: [`balance ${String(told['balance'])}`],
        };
      if (status === 401) return { outcome: 'refused', message: String(told['error']) };
      throw new Error(`it answered ${status}: ${JSON.stringify(told)}`);
    },
  },
};

/** Has accounts, and prints nothing. */
export const watcher: Provider = {
  ...acme,
  kind: 'watcher',
  title: 'Is told of cards',
  printer: undefined,
  eventSink: sink,
} as unknown as Provider;
