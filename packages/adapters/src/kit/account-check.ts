/** The harmless request by which an account is tried. */
import type { AccountFinding, CallContext } from '@postrider/core/ports';
import type { Account, AccountRequest } from './account.ts';
import type { HttpAnswer } from './http.ts';
import { refusalOf, type Faults } from './refusals.ts';

/** @param usable what an answer of 2xx says; null: it is not in the provider's words. */
export async function checkAccount(
  account: Account,
  request: Omit<AccountRequest, 'about'>,
  {
    context,
    faults,
    usable,
  }: {
    readonly context: CallContext;
    readonly faults: Faults;
    readonly usable: (
      answer: HttpAnswer,
    ) => Omit<Extract<AccountFinding, { outcome: 'usable' }>, 'outcome'> | null;
  },
): Promise<AccountFinding> {
  const outcome = await account.ask({ ...request, about: [] }, context);
  if (outcome.kind !== 'answer') return { outcome: 'unreachable', message: outcome.message };
  const { status } = outcome;
  const told = account.refusalIn(outcome);
  if (status >= 200 && status < 300) {
    const found = usable(outcome);
    const { title } = account;
    const message = `What answers there does not speak as ${title} does. Is the address right?`;
    return found === null ? { outcome: 'unreachable', message } : { outcome: 'usable', ...found };
  }
  const { message } = told;
  return status !== 429 && refusalOf(status, told, faults).outcome === 'refused'
    ? { outcome: 'refused', message }
    : { outcome: 'unreachable', message };
}
