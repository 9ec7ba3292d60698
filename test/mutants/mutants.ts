/**
 * The machine with one safeguard taken out, as data: what is taken out, and the test that must
 * notice. `find` is exact and stands in the file once; run.ts says so loudly where it does not any
 * more.
 */
import { accounts } from './of-accounts.ts';
import { addresses } from './of-addresses.ts';
import { amendments } from './of-amendments.ts';
import { artworks } from './of-artwork.ts';
import { callBacks } from './of-call-backs.ts';
import { capped } from './of-caps.ts';
import { claimPacks } from './of-claims.ts';
import { cohorts } from './of-cohorts.ts';
import { connections } from './of-connections.ts';
import { deliveries } from './of-deliveries.ts';
import { effects } from './of-effects.ts';
import { emails } from './of-emails.ts';
import { ofEndpoints } from './of-endpoints.ts';
import { failingWorks } from './of-failing-work.ts';
import { stops } from './of-stops.ts';
import { calls } from './of-the-calls.ts';
import { doNotMail } from './of-do-not-mail.ts';
import { driver } from './of-the-driver.ts';
import { heldPeople } from './of-held-people.ts';
import { hosts } from './of-hosts.ts';
import { house } from './of-the-house.ts';
import { goingLive } from './of-going-live.ts';
import { machine } from './of-the-machine.ts';
import { migrations } from './of-migrations.ts';
import { handedOver } from './of-options.ts';
import { night } from './of-the-night.ts';
import { questions } from './of-the-questions.ts';
import { householdKeys } from './of-household-keys.ts';
import { households } from './of-households.ts';
import { launches } from './of-launches.ts';
import { limited } from './of-limits.ts';
import { lobs } from './of-lob.ts';
import { klaviyos } from './of-klaviyo.ts';
import { lists } from './of-lists.ts';
import { polls } from './of-polls.ts';
import { preflights } from './of-preflight.ts';
import { providerCalls } from './of-provider-calls.ts';
import { providers } from './of-providers.ts';
import { refusals } from './of-refusals.ts';
import { restores } from './of-restores.ts';
import { runner } from './of-the-runner.ts';
import { sessions } from './of-sessions.ts';
import { statements } from './of-statements.ts';
import { twins } from './of-twins.ts';
import { watermarks } from './of-watermarks.ts';

export interface Edit {
  /**
   * From the top of the checkout: a file of sql/, of packages/, or of node_modules/postgres/src/
   * (the driver with its patch).
   */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** The safeguard that is missing. */
  readonly without: string;
  readonly edits: readonly Edit[];
  /** The test that must turn red. */
  readonly test: {
    readonly file: string;
    readonly pattern: string;
    /** The short form of its file leaves it out. */
    readonly isLong?: true;
  };
}

export const mutants: readonly Mutant[] = [
  ...goingLive,
  ...effects,
  ...machine,
  ...capped,
  ...cohorts,
  ...calls,
  ...runner,
  ...sessions,
  ...driver,
  ...hosts,
  ...connections,
  ...statements,
  ...watermarks,
  ...restores,
  ...refusals,
  ...callBacks,
  ...stops,
  ...heldPeople,
  ...deliveries,
  ...claimPacks,
  ...house,
  ...migrations,
  ...handedOver,
  ...failingWorks,
  ...night,
  ...questions,
  ...householdKeys,
  ...households,
  ...polls,
  ...preflights,
  ...accounts,
  ...ofEndpoints,
  ...addresses,
  ...launches,
  ...limited,
  ...amendments,
  ...artworks,
  ...doNotMail,
  ...lists,
  ...emails,
  ...providers,
  ...providerCalls,
  ...twins,
  ...lobs,
  ...klaviyos,
];

/** Quick ones of different kinds, for the run of every day. */
export const quick: readonly string[] = ['fence-proof'];
