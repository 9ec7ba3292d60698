/** An account at Lob: what it needs, and one harmless request to it. */
import type { ConnectionKind } from '@postrider/core/ports';
import { accountAt, modeByPrefix, prefixedApiKey } from '../kit/account.ts';
import { checkAccount } from '../kit/account-check.ts';
import { readJson } from '../kit/json.ts';
import { lobAccounts, readLimit } from './client.ts';
import { lobAccountOptions } from './options.ts';
import { lobFaults } from './refusals.ts';
import { postcardList } from './wire.ts';

const timeoutMs = 15_000;

export const lobAccount: ConnectionKind = {
  secrets: [
    {
      ...prefixedApiKey,
      problem: (value) =>
        /^(test|live)_pub_/.test(value)
          ? 'is a publishable key, and orders nothing; take a secret one'
          : prefixedApiKey.problem(value),
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
  modeOf: modeByPrefix,
  check: (connection, context) =>
    checkAccount(
      accountAt(lobAccounts, connection, timeoutMs),
      { method: 'GET', path: '/postcards', query: new URLSearchParams({ limit: '1' }) },
      {
        context,
        faults: lobFaults,
        usable({ headers, body }) {
          if (readJson(postcardList, body) === null) return null;
          const [key = ''] = connection.secrets('api_key');
          const notice = readLimit(headers);
          const limit = notice?.kind === 'headers' ? notice.limit : null;
          return {
            mode: modeByPrefix(key) ?? connection.mode,
            account: null,
            notes: [
              ...(limit === null ? [] : [`Lob takes ${limit} requests in five seconds.`]),
              ...(connection.secrets('webhook').length === 0
                ? ['No webhook secret is set: the cards are followed by polling.']
                : []),
            ],
          };
        },
      },
    ),
};
