/** What is done to several people by name, one after the other. */
import { UserError, printable } from '@postrider/runner/process';
import { explain } from '../errors/explain.ts';
import type { Output } from '../output/output.ts';
import { fullRecipientName, type RecipientRow } from './names.ts';

export function listedPeople(people: readonly RecipientRow[]): string {
  return people.map((one) => `${fullRecipientName(one)} (${one.state})`).join(', ');
}

/** Moves people, and says of each what they were and what they are. */
export async function moveEach(
  out: Output,
  people: readonly RecipientRow[],
  move: (one: RecipientRow) => Promise<string>,
  ending = '',
): Promise<void> {
  await eachPerson(out, people, async (one) => {
    const state = await move(one);
    out.result(
      {
        recipientId: one.recipientId,
        organization: one.organization,
        campaign: one.campaign,
        was: one.state,
        state,
      },
      `${fullRecipientName(one)}: ` +
        `${one.state === state ? '' : `${one.state} → `}${state}${ending}`,
    );
  });
}

/** One after the other: one refusal does not stop the next, and the exit code tells of it. */
export async function eachPerson(
  out: Output,
  people: readonly RecipientRow[],
  work: (one: RecipientRow) => Promise<void>,
): Promise<void> {
  let refused: Error | null = null;
  let refusals = 0;
  for (const one of people) {
    try {
      await work(one);
    } catch (error) {
      refused ??= error instanceof Error ? error : new Error(String(error));
      refusals += 1;
      if (people.length > 1)
        out.warn(`${fullRecipientName(one)}: ${printable(explain(error).message)}`);
    }
  }
  if (refused === null) return;
  if (people.length === 1) throw refused;
  const { exitCode, hint } = explain(refused);
  throw new UserError(exitCode, `${refusals} of ${people.length} were refused`, hint);
}
