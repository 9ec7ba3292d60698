/** People whose rows somebody holds in an open psql session, and leaves it so. */
import type { Machine } from '../../support/machine.ts';

/**
 * Whoever waits for these people for longer than this gets them, and its test fails by what it does
 * then.
 */
const LUNCH = process.env['POSTRIDER_MUTANT'] === undefined ? '60s' : '15s';

/** Holds these people until it is told to let them go. */
export async function heldPeople(
  machine: Machine,
  people: readonly string[],
): Promise<AsyncDisposable> {
  const psql = await machine.connect(1).reserve();
  await psql`set idle_in_transaction_session_timeout = ${psql.unsafe(`'${LUNCH}'`)}`;
  await psql`begin`;
  await psql`
    select from postrider.recipient_state
    where recipient_id = any (${people}::uuid[])
    order by recipient_id
    for update`;
  return {
    async [Symbol.asyncDispose]() {
      await psql`rollback`;
      psql.release();
    },
  };
}
