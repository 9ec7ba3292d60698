/**
 * Typed calls of stage, begin, settle, renew and reap. One function of SQL each; what they do is
 * said in sql/functions/.
 */
import type postgres from 'postgres';
import type { Address } from '../ports/index.ts';
import { mapped } from './errors.ts';
import type { Marks, Watermark, Witness } from './watermark.ts';

export type CohortStage = 'proof' | 'mail';

/** What a runner must know of a campaign to render and print for it. */
export interface CampaignBrief {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly name: string;
  readonly template: string;
  readonly format: string;
  readonly mailClass: string;
  readonly mode: 'test' | 'live';
  readonly printerName: string;
  readonly returnAddress: Address | null;
  /** Adapters by port, as in the campaign file. */
  readonly integrations: Readonly<Record<string, unknown>>;
  readonly baseDirectory: string;
}

/** Throws where there is none, or where it is not this role's to see. */
export async function campaignBrief(
  sql: postgres.Sql,
  organizationId: string,
  campaignId: string,
): Promise<CampaignBrief> {
  const [row] = await sql<
    { brief: CampaignBrief | null }[]
  >`select postrider.campaign_brief(${organizationId}, ${campaignId}) as brief`;
  if (row === undefined || row.brief === null)
    throw new Error(`there is no campaign ${campaignId}`);
  return row.brief;
}

export interface BegunCard extends Address {
  readonly recipientId: string;
  readonly attempt: number;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly merge: Readonly<Record<string, string>>;
  readonly reference: string;
}

export interface BegunPiece {
  readonly recipientId: string;
  readonly mailpieceId: string;
  /** Of the move to `sending`. */
  readonly moveNo: number;
  readonly idempotencyKey: string;
  readonly mode: 'test' | 'live';
  readonly printerName: string;
  readonly request: {
    /** See `PieceRequest.person`. */
    readonly person?: string;
    readonly format: string;
    readonly mailClass: string;
    readonly to: { readonly name: string; readonly address: Address };
    readonly from: Address | null;
    readonly artwork: {
      readonly front: { readonly url: string; readonly page: number };
      readonly back: { readonly url: string; readonly page: number };
    };
  };
}

export type ProofSettlement =
  | {
      readonly recipientId: string;
      readonly outcome: 'rendered';
      readonly contentHash: string;
      readonly frontUrl: string;
      readonly frontPage: number;
      readonly backUrl: string;
      readonly backPage: number;
    }
  /** `held` with its campaign: no attempt is counted. */
  | { readonly recipientId: string; readonly outcome: 'failed' | 'held'; readonly message: string }
  | {
      readonly recipientId: string;
      readonly outcome: 'retry';
      readonly message: string;
      readonly afterMs: number | null;
    };

export interface MailSettlement {
  readonly recipientId: string;
  readonly mailpieceId: string;
  readonly outcome: 'accepted' | 'rejected' | 'retry' | 'unknown';
  readonly providerId?: string;
  readonly expectedDelivery?: string | null;
  readonly message?: string;
  readonly badAddress?: boolean;
  /** Null: the machine backs off by itself. */
  readonly afterMs?: number | null;
}

function milliseconds(value: number): string {
  return `${value} milliseconds`;
}
function first<T>(rows: readonly { result: T }[]): T {
  const row = rows[0];
  if (row === undefined) throw new Error('the database answered no row');
  return row.result;
}

/** A campaign whose people could not be staged: they are where they were. */
export interface StagingFailure {
  readonly organization: string;
  /** The SQLSTATE. */
  readonly code: string;
  readonly message: string;
}

export interface StagingRound {
  /** How many cohorts were made; 0 where another stager is at it. */
  readonly cohorts: number;
  /** Places are left, and somebody may be ready for them. */
  readonly again: boolean;
  readonly failures: readonly StagingFailure[];
  /** What failed in an earlier beat may fail still: it had no place. */
  readonly untried: boolean;
}

/** Makes cohorts of whoever is ready, up to the window. */
export async function stageRound(
  sql: postgres.Sql,
  stage: CohortStage,
  window: number | null,
  size: number,
): Promise<StagingRound> {
  const [round] = await mapped(
    sql<StagingRound[]>`
      select cohorts, again, failures, untried from postrider.stage_campaigns(${stage}, coalesce(${window}::int, postrider.window_of(${stage})), ${size})`,
  );
  if (round === undefined) throw new Error('the database answered no row');
  return round;
}

export async function beginProof(
  sql: postgres.Sql,
  organizationId: string,
  cohortId: string,
  runnerId: string,
  leaseMs: number,
): Promise<{ campaign: CampaignBrief; cards: BegunCard[] } | null> {
  return first(
    await mapped(
      sql<{ result: { campaign: CampaignBrief; cards: BegunCard[] } | null }[]>`
        select postrider.begin_proof(${organizationId}, ${cohortId}, ${runnerId}, ${milliseconds(leaseMs)}::interval) as result`,
    ),
  );
}

export interface BegunMail {
  readonly campaign: CampaignBrief;
  readonly pieces: BegunPiece[];
}

/**
 * @param remembered what is kept of the database outside of it
 * @param learn called with what it tells of itself, also where nothing began since it is an older
 * state of itself
 */
export async function beginMail(
  sql: postgres.Sql,
  organizationId: string,
  cohortId: string,
  runnerId: string,
  leaseMs: number,
  remembered: Marks = {},
  learn: (watermark: Watermark, pieces: readonly BegunPiece[]) => void = () => undefined,
): Promise<BegunMail | null> {
  const told = first(
    await mapped(
      sql<{ result: (Partial<BegunMail> & { watermark: Watermark }) | null }[]>`
        select postrider.begin_mail(${organizationId}, ${cohortId}, ${runnerId}, ${milliseconds(leaseMs)}::interval,
          ${JSON.stringify(remembered)}::text::jsonb) as result`,
    ),
  );
  if (told === null) return null;
  const { watermark, campaign, pieces } = told;
  learn(watermark, pieces ?? []);
  return campaign === undefined || pieces === undefined ? null : { campaign, pieces };
}

/**
 * held: by this. waits: it is held already, or was applied, launched or released since the cohort
 * began. stands: only of cards that failed alike.
 */
export type Refusal = 'held' | 'waits' | 'stands';

/**
 * Holds a campaign whose cards the renderer refuses one and all; `alike`: that all fail in the same
 * words, which may be the people's own fault.
 */
export async function holdRefused(
  sql: postgres.Sql,
  { organizationId, campaignId }: CampaignBrief,
  cohortId: string,
  why: string,
  alike: boolean,
): Promise<Refusal> {
  return first(
    await mapped(
      sql<
        { result: Refusal }[]
      >`select postrider.hold_refused(${organizationId}, ${campaignId}, ${cohortId}, ${why}, ${alike}) as result`,
    ),
  );
}

/**
 * @param last no more results will come: whoever was not answered for is tried again. Returns how
 * many people it moved.
 */
export async function settleProof(
  sql: postgres.Sql,
  organizationId: string,
  cohortId: string,
  results: readonly ProofSettlement[],
  last: boolean,
): Promise<number> {
  return first(
    await mapped(
      sql<
        { result: number }[]
      >`select postrider.settle_proof(${organizationId}, ${cohortId}, ${JSON.stringify(results)}::text::json, ${last}) as result`,
    ),
  );
}

/** @param quietMs how long an unknown outcome rests before the printer is asked. */
export async function settleMail(
  sql: postgres.Sql,
  organizationId: string,
  cohortId: string,
  results: readonly MailSettlement[],
  last: boolean,
  quietMs: number,
): Promise<number> {
  return first(
    await mapped(
      sql<{ result: number }[]>`
        select postrider.settle_mail(${organizationId}, ${cohortId}, ${JSON.stringify(results)}::text::json, ${last}, ${milliseconds(quietMs)}::interval) as result`,
    ),
  );
}

/** Returns the cohorts that are still ours. */
export async function renew(
  sql: postgres.Sql,
  runnerId: string,
  cohorts: readonly { organizationId: string; cohortId: string }[],
  leaseMs: number,
): Promise<string[]> {
  return first(
    await mapped(
      sql<{ result: string[] }[]>`
        select postrider.renew(${runnerId}, ${cohorts.map((c) => c.organizationId)}::uuid[], ${cohorts.map((c) => c.cohortId)}::uuid[],
          ${milliseconds(leaseMs)}::interval) as result`,
    ),
  );
}

/**
 * Gives back what crashes, lost jobs and deletions by hand left behind; says that this runner is
 * alive, and what it remembers of the database. The grace grows with the longest lease.
 */
export async function tick(
  sql: postgres.Sql,
  runner: {
    id: string;
    name: string;
    proofSlots: number;
    mailSlots: number;
    version: string;
    leaseMs: number;
  },
  graceMs: number,
  quietMs: number,
  remembered: Marks,
): Promise<{ back: number; watermark: Watermark; witnesses: readonly Witness[] }> {
  return first(
    await mapped(
      sql<{ result: { back: number; watermark: Watermark; witnesses: readonly Witness[] } }[]>`
        select postrider.tick(${runner.id}, ${runner.name}, ${runner.proofSlots}, ${runner.mailSlots}, ${runner.version},
          ${milliseconds(runner.leaseMs)}::interval, ${milliseconds(graceMs)}::interval, ${milliseconds(quietMs)}::interval, ${JSON.stringify(remembered)}::text::jsonb) as result`,
    ),
  );
}
