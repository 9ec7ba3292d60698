/**
 * One failover from beginning to end: a standby that is some cohorts behind takes over in
 * mid-mailing.
 */
import assert from 'node:assert/strict';
import { until } from '../pipeline/rig.ts';
import { failover, type Address, type Failover, type Runner } from './rig.ts';

export interface Promotion {
  /** Cohorts that the standby has not heard of. */
  readonly lag: number;
  readonly address: Address;
  /** Whether the runner is stopped and started with the failover, or lives through it. */
  readonly restarted: boolean;
  readonly major?: 15;
}

const SEEN = 3;
const LEFT = 5;
/** Two in a cohort. */
function everybody(lag: number): number {
  return 2 * (SEEN + lag + LEFT);
}

/** What was begun before the failover may still be posted: a cohort for each of two slots. */
const UNDER_WAY = 4;

/** The printer is held, with the reason, and the runner says so; nobody has been begun since. */
export async function noticed(place: Failover, runner: Runner, posted: number): Promise<void> {
  await until(async () => (await place.held()) !== null);
  assert.match(
    (await place.held()) ?? '',
    /timeline went from 1 to 2: a standby was promoted.*reconcile --since, then release/s,
  );
  await until(() =>
    runner.log.some((line) => /a standby was promoted.*the printers are held/s.test(line)),
  );
  const [doctor] =
    await place.sql()`select verdict, message from postrider.doctor() where check_name = 'restore'`;
  assert.deepEqual(
    [doctor?.['verdict'], /timeline/.test(String(doctor?.['message']))],
    ['bad', true],
  );
  assert.ok((await place.ledger()).length <= posted + UNDER_WAY);
}

/**
 * Returns what is left when the primary is dead and the standby takes writes, with everybody's
 * cards.
 */
export async function promoted(
  promotion: Promotion,
  then: (place: Failover, runner: Runner) => Promise<unknown> = settled,
): Promise<void> {
  const { lag, address, restarted, major } = promotion;
  await using place = await failover({
    people: everybody(lag),
    ...(major === undefined ? {} : { major }),
  });
  let runner = await place.start(address);
  await place.post(SEEN);
  await until(
    async () =>
      (await place.sql()`select from postrider.recipient_state where state = 'sent'`).length ===
      2 * SEEN,
  );
  await place.standby.caughtUp();
  place.link.lead(null);
  place.link.cut();
  await place.post(lag);
  if (restarted) await runner.stop();
  place.shut();
  const posted = (await place.ledger()).length;
  await place.primary.kill9();
  await place.standby.promote();
  place.leadTo(place.standby);
  if (restarted) runner = await place.start(address);
  place.open();
  await noticed(place, runner, posted);
  await then(place, runner);
}

/** Returns how many cards the new primary had not heard of. */
export async function settled(place: Failover, runner: Runner): Promise<number> {
  const adopted = await place.reconcile(runner);
  await place.finish(runner);
  return adopted;
}
