/**
 * The secrets of an account as a command is given them: by name, by stdin, or typed. Never as an
 * option or an argument, which every process of the machine can read.
 */
import { resolve } from 'node:path';
import { readReference, type KeptSecret, type ProjectSecrets } from '@postrider/core';
import type { SecretKind } from '@postrider/core/ports';
import { exitCodes, UserError } from '@postrider/runner/process';
import { askHidden } from '../output/ask-hidden.ts';

/** Where one comes from. */
export type SecretSource =
  | { readonly from: 'reference'; readonly reference: string }
  | { readonly from: 'stdin' | 'prompt' };

export interface GivenSource {
  /** Null: of the first secret that such accounts have. */
  readonly purpose: string | null;
  readonly source: SecretSource;
}

export const NEVER_A_VALUE =
  'a secret is never an option or an argument, which a process list and the history of a shell ' +
  'show: --secret-from takes env:NAME, file:PATH, - (stdin) or prompt. Nothing was changed';

/** Does not repeat what cannot be read: it may be the secret. Throws `UserError`. */
export function readSource(text: string): GivenSource {
  const [, purpose = null, place = ''] = /^(?:([a-z][a-z_]{0,59})=)?(.*)$/s.exec(text) ?? [];
  const source = sourceOf(place);
  if (source === null)
    throw new UserError(exitCodes.usage, 'what --secret-from was given is none', NEVER_A_VALUE);
  return { purpose, source };
}

function sourceOf(place: string): SecretSource | null {
  if (place === '-') return { from: 'stdin' };
  if (place === 'prompt') return { from: 'prompt' };
  if (/^env:[A-Za-z_]\w*$/.test(place)) return { from: 'reference', reference: place };
  const [, path] = /^file:(.+)$/s.exec(place) ?? [];
  return path === undefined ? null : { from: 'reference', reference: `file:${resolve(path)}` };
}

/** A secret whose value is known, and how it is kept. */
export interface HeldSecret {
  readonly purpose: string;
  readonly value: string;
  /** Null: it has no place of its own, or is to be sealed all the same. */
  readonly reference: string | null;
}

export interface Asked {
  readonly provider: string;
  readonly kinds: readonly SecretKind[];
  readonly given: readonly GivenSource[];
  /** Seals also what has a place of its own. */
  readonly seal: boolean;
  readonly secret: ProjectSecrets;
}

/**
 * Reads those that are given, and asks for one that is required. Throws `UserError` for what has
 * not the form of such a secret, and `SecretError` where it cannot be read.
 */
export async function heldSecrets({
  provider,
  kinds,
  given,
  seal,
  secret,
}: Asked): Promise<readonly HeldSecret[]> {
  const named = given.map(({ purpose, source }) => ({
    kind: kindNamed(provider, kinds, purpose),
    source,
  }));
  const asked = kinds
    .filter((kind) => kind.required && !named.some((one) => one.kind === kind))
    .map((kind) => ({ kind, source: { from: 'prompt' } as const }));
  const all = [...named, ...asked];
  refuseTwice(all.map(({ kind, source }) => [kind.purpose, source] as const));
  const held: HeldSecret[] = [];
  // One after the other: a person types them.
  for (const { kind, source } of all) {
    const value = await valueOf(kind, source, secret);
    const problem = value === '' ? 'is empty' : kind.problem(value);
    if (problem !== null)
      throw new UserError(
        exitCodes.configuration,
        `this is no ${kind.title} of ${provider}: ${problem}`,
        'nothing was changed',
      );
    const reference = source.from === 'reference' && !seal ? source.reference : null;
    held.push({ purpose: kind.purpose, value, reference });
  }
  return held;
}

function kindNamed(
  provider: string,
  kinds: readonly SecretKind[],
  purpose: string | null,
): SecretKind {
  const found = kinds.find((kind) => purpose === null || kind.purpose === purpose);
  if (found !== undefined) return found;
  const there = kinds.map((kind) => kind.purpose).join(', ');
  throw new UserError(
    exitCodes.usage,
    `an account at ${provider} has no secret of that purpose`,
    `there are ${there}; nothing was changed`,
  );
}

function refuseTwice(all: readonly (readonly [purpose: string, source: SecretSource])[]): void {
  const purposes = all.map(([purpose]) => purpose);
  const twice = purposes.find((purpose, index) => purposes.indexOf(purpose) < index);
  if (twice !== undefined)
    throw new UserError(exitCodes.usage, `the ${twice} is given twice`, 'nothing was changed');
  if (all.filter(([, source]) => source.from === 'stdin').length > 1)
    throw new UserError(
      exitCodes.usage,
      'stdin gives one secret only',
      'name the others: --secret-from purpose=env:NAME. Nothing was changed',
    );
}

async function valueOf(
  { title }: SecretKind,
  source: SecretSource,
  secret: ProjectSecrets,
): Promise<string> {
  switch (source.from) {
    case 'reference':
      return readReference(source.reference, secret);
    case 'prompt':
      return (await askHidden(title)).trim();
    case 'stdin':
      return (await stdinText()).trim();
  }
}

async function stdinText(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

/** As the database keeps it. */
export function asKept(
  { purpose, reference, value }: HeldSecret,
  sealed: (purpose: string, value: string) => KeptSecret,
): KeptSecret {
  return reference === null ? sealed(purpose, value) : { purpose, reference };
}
