/** An account at Klaviyo: what it needs, and one harmless request to it. */
import type { ConnectionKind } from '@postrider/core/ports';
import { z } from 'zod';
import { readJson } from '../kit/json.ts';
import { askKlaviyo, routes } from './client.ts';
import { klaviyoAccountOptions } from './options.ts';
import { meaningOf } from './refusals.ts';

const timeoutMs = 15_000;

const accounts = z.object({
  data: z
    .array(
      z.object({
        id: z.string(),
        attributes: z.object({
          test_account: z.boolean().nullish().catch(null),
          contact_information: z
            .object({ organization_name: z.string().nullish().catch(null) })
            .nullish()
            .catch(null),
        }),
      }),
    )
    .min(1),
});

export const klaviyoAccount: ConnectionKind = {
  secrets: [
    {
      purpose: 'api_key',
      title: 'private API key',
      required: true,
      problem(value) {
        if (/^\w{6}$/.test(value))
          return 'is a public key, and tells nothing; take a private one, which begins with pk_';
        return /^pk_\w+$/.test(value) ? null : 'does not begin with pk_';
      },
    },
  ],
  options: klaviyoAccountOptions,
  // There is one kind of keys, and one kind of accounts.
  modeOf: () => null,
  async check(connection, context) {
    const outcome = await askKlaviyo(
      connection,
      {
        limit: routes.accounts,
        query: new URLSearchParams({
          'fields[account]': 'contact_information.organization_name,test_account',
        }),
        about: [],
        timeoutMs,
      },
      context,
    );
    if (outcome.kind !== 'answer') return { outcome: 'unreachable', message: outcome.message };
    const { mode } = connection;
    if (outcome.status === 200) {
      const [account] = readJson(accounts, outcome.body)?.data ?? [];
      if (account === undefined)
        return {
          outcome: 'unreachable',
          message: 'What answers there does not speak as Klaviyo does. Is the address right?',
        };
      const name = account.attributes.contact_information?.organization_name ?? null;
      return {
        outcome: 'usable',
        mode,
        account: name === null ? account.id : `${name} (${account.id})`,
        notes: notesOf(mode, account.attributes.test_account ?? null),
      };
    }
    const meaning = meaningOf(outcome, context.now());
    if (meaning.kind === 'taken')
      return { outcome: 'unreachable', message: 'Klaviyo answered 202 to a question.' };
    // The key is known, and may not read this.
    if (outcome.status === 403 && meaning.kind === 'account')
      return {
        outcome: 'usable',
        mode,
        account: null,
        notes: [
          'The key is taken, and may not read accounts (accounts:read): whose it is, nobody knows.',
        ],
      };
    return meaning.kind === 'account'
      ? { outcome: 'refused', message: meaning.message }
      : { outcome: 'unreachable', message: meaning.message };
  },
};

function notesOf(mode: 'test' | 'live', isTest: boolean | null): string[] {
  if (isTest === true && mode === 'live')
    return ['Klaviyo calls it a test account, and the connection is for live campaigns.'];
  if (isTest === false && mode === 'test')
    return ['It is no test account of Klaviyo’s: events of test cards start its flows.'];
  return [];
}
