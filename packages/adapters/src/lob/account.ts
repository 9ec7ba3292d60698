/** An account at Lob: what it needs, and one harmless request to it. */
import type { ConnectionKind } from '@postrider/core/ports';
import { readJson } from '../kit/json.ts';
import { lobClientOf, modeOfKey, readLimit } from './client.ts';
import { lobAccountOptions } from './options.ts';
import { refusalOf, refusedBy } from './refusals.ts';
import { postcardList } from './wire.ts';

const timeoutMs = 15_000;

export const lobAccount: ConnectionKind = {
  secrets: [
    {
      purpose: 'api_key',
      title: 'API key',
      required: true,
      problem(value) {
        if (/^(test|live)_pub_/.test(value))
          return 'is a publishable key, and orders nothing; take a secret one';
        return modeOfKey(value) === null ? 'does not begin with test_ or live_' : null;
      },
    },
    {
      purpose: 'webhook',
      title: 'webhook secret',
      required: false,
      problem: (value) =>
        value === 'secret'
          ? 'is that of the debugger in Lob’s dashboard, which anybody knows'
          : null,
    },
  ],
  options: lobAccountOptions,
  modeOf: modeOfKey,
  async check(connection, context) {
    const outcome = await lobClientOf(connection).ask(
      {
        method: 'GET',
        path: '/postcards',
        query: new URLSearchParams({ limit: '1' }),
        about: [],
        timeoutMs,
      },
      context,
    );
    if (outcome.kind !== 'answer') return { outcome: 'unreachable', message: outcome.message };
    const { message } = refusedBy(outcome);
    if (outcome.status >= 200 && outcome.status < 300) {
      if (readJson(postcardList, outcome.body) === null)
        return {
          outcome: 'unreachable',
          message: 'What answers there does not speak as Lob does. Is the address right?',
        };
      const [key = ''] = connection.secrets('api_key');
      const notice = readLimit(outcome.headers);
      const limit = notice?.kind === 'headers' ? notice.limit : null;
      return {
        outcome: 'usable',
        mode: modeOfKey(key) ?? connection.mode,
        account: null,
        notes: [
          ...(limit === null ? [] : [`Lob takes ${limit} requests in five seconds.`]),
          ...(connection.secrets('webhook').length === 0
            ? ['No webhook secret is set: the cards are followed by polling.']
            : []),
        ],
      };
    }
    return outcome.status !== 429 && refusalOf(outcome).outcome === 'refused'
      ? { outcome: 'refused', message }
      : { outcome: 'unreachable', message };
  },
};
