/** What a provider says about its accounts, and what one of them says of itself. */
import { knownProviders } from '@postrider/adapters';
import { askAccount, type AccountQuestion } from '@postrider/core';
import type { AccountFinding, Connection, ConnectionKind } from '@postrider/core/ports';
import { didYouMean } from '@postrider/core/ports/near';
import { faultsOf } from '@postrider/core/ports/schema-words';
import { exitCodes, UserError } from '@postrider/runner/process';
import { NEVER_A_VALUE, type HeldSecret } from './given-secrets.ts';

/** An account may be slow, and a person waits. */
const PATIENCE_MS = 20_000;

/** Repeats a name only where it may be one. */
export function accountsOf(provider: string): ConnectionKind {
  const known = knownProviders().filter(({ connection }) => connection !== undefined);
  const kind = known.find((one) => one.kind === provider)?.connection;
  if (kind !== undefined) return kind;
  const names = known.map((one) => one.kind);
  const there =
    names.length === 0
      ? 'no provider of this version has accounts'
      : (didYouMean(provider, names) ?? `there are ${names.join(', ')}`);
  if (!/^[a-z][a-z-]{0,30}$/.test(provider))
    throw new UserError(
      exitCodes.usage,
      'what was given is no name of a provider',
      `${there}; ${NEVER_A_VALUE}`,
    );
  const local = knownProviders().some((one) => one.kind === provider);
  throw new UserError(
    exitCodes.usage,
    local ? `${provider} has no accounts: it needs none` : `there is no provider ${provider}`,
    `${there}; nothing was changed`,
  );
}

export function sendsWebhooks({ secrets }: ConnectionKind): boolean {
  return secrets.some(({ purpose }) => purpose === 'webhook');
}

/** Of `name=value`; a value is read as JSON where that fits. Throws `UserError`. */
export function optionsOf(
  provider: string,
  { options: schema }: ConnectionKind,
  given: readonly string[],
): Readonly<Record<string, unknown>> {
  const texts = Object.fromEntries(
    given.map((one) => {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(one) ?? [];
      if (name === undefined || value === undefined)
        throw new UserError(
          exitCodes.usage,
          'an option of an account is --option name=value',
          NEVER_A_VALUE,
        );
      return [name, value];
    }),
  );
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [name, jsonOr(value)]),
  );
  const strict = schema.strict();
  for (const { path } of strict.safeParse(values).error?.issues ?? []) {
    const name = String(path[0]);
    if (name in texts) values[name] = texts[name];
  }
  const read = strict.safeParse(values);
  if (read.success) return read.data;
  // What was given is not repeated: somebody may have put the key there.
  const hidden = Object.fromEntries(Object.keys(texts).map((name) => [name, '…']));
  const [fault] = faultsOf(read.error, {
    schema: strict,
    value: hidden,
    noSuch: 'is no option of its accounts',
  });
  throw new UserError(
    exitCodes.usage,
    `${provider}: ${fault?.path.join('.') ?? 'option'} ${fault?.message ?? 'cannot be used'}`,
    'give it with --option name=value; nothing was changed',
  );
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** As its key tells it, or as it is said. Throws `UserError` where they differ. */
export function modeOf(
  provider: string,
  kind: ConnectionKind,
  { held, said }: { readonly held: readonly HeldSecret[]; readonly said: string | undefined },
): 'test' | 'live' {
  const [key] = kind.secrets;
  const value = held.find(({ purpose }) => purpose === key?.purpose)?.value;
  const told = value === undefined ? null : kind.modeOf(value);
  if (told === null && said === undefined)
    throw new UserError(
      exitCodes.usage,
      `a key of ${provider} does not tell whether it is for tests`,
      'say --mode test or --mode live; nothing was changed',
    );
  if (told !== null && said !== undefined && told !== said)
    throw new UserError(
      exitCodes.configuration,
      `the key is for ${told} mode, and --mode ${said} was given`,
      'nothing was changed',
    );
  return told ?? (said === 'live' ? 'live' : 'test');
}

/** Secrets that are in hand, before they are kept; `others`: of an account that is there. */
export function withSecrets(
  account: Omit<Connection, 'secrets'>,
  held: readonly HeldSecret[],
  others: (purpose: string) => readonly string[] = () => [],
): Connection {
  return {
    ...account,
    secrets: (purpose) => {
      const values = held.filter((one) => one.purpose === purpose).map(({ value }) => value);
      return values.length > 0 ? values : others(purpose);
    },
  };
}

/**
 * It waits for no limit: it is one request of a person, who wants to know now, and mostly no runner
 * works.
 *
 * @param kept of an account that is there: the call is kept with those of runners.
 */
export async function findingOf(
  kind: ConnectionKind,
  connection: Connection,
  where: Pick<AccountQuestion, 'kept' | 'calls'> = {},
): Promise<AccountFinding> {
  return await askAccount({ kind, connection, timeoutMs: PATIENCE_MS, ...where });
}

/** Throws `UserError` where the account cannot be used, or nobody knows. */
export function requireUsable(provider: string, finding: AccountFinding): void {
  if (finding.outcome === 'usable') return;
  const refused = finding.outcome === 'refused';
  throw new UserError(
    refused ? exitCodes.failed : exitCodes.unavailable,
    refused
      ? `${provider} refuses the account: ${finding.message}`
      : `nobody knows whether ${provider} takes the account: ${finding.message}`,
    `nothing was kept; to keep it all the same: --no-check`,
  );
}

/** For people, in a line. */
export function inWords(finding: AccountFinding | null): string {
  if (finding === null) return 'never asked';
  if (finding.outcome !== 'usable') return `${finding.outcome}: ${finding.message}`;
  const { account, mode, notes } = finding;
  return [`usable, ${mode}`, ...(account === null ? [] : [account]), ...notes].join('; ');
}
