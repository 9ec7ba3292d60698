/** @postrider/core: the recipient state machine as a library. */
export { connect, type ConnectOptions } from './machine/connect.ts';
export type { DatabaseAddress } from './machine/database-address/read.ts';
export { ConnectionError } from './machine/connection-error.ts';
export { isMachineError, MachineError, type MachineErrorKind } from './machine/errors.ts';
export { UnsuitableSessionError } from './machine/session.ts';
export { migrate, migrationSql } from './machine/migrate.ts';
export { MigrationError, type MigrationErrorKind } from './machine/migration-error.ts';
export { planMigration, requireMigrated, type MigrationPlan } from './machine/migration-plan.ts';
export {
  amend,
  type Amended,
  type AmendedContent,
  type AmendedPerson,
  type AmendedRow,
  type Amendment,
  type AmendOptions,
} from './machine/amend.ts';
export * from './machine/campaigns.ts';
export {
  claimPreview,
  claimResults,
  type ClaimPreview,
  type ClaimResult,
  type ClaimSelection,
} from './machine/claims.ts';
export {
  claimPack,
  ClaimPackError,
  MOST_CLAIMED,
  requireClaimable,
  type ClaimFile,
  type ClaimPack,
} from './claims/claim-pack.ts';
export * from './machine/connections.ts';
export * from './machine/launch.ts';
export * from './machine/operate.ts';
export * from './machine/sinks.ts';
export * from './machine/states.generated.ts';
export { concludeRestore } from './machine/restore.ts';
export type { CampaignBrief, PrinterBrief } from './machine/briefs.ts';
export type { CohortStage } from './machine/cohorts.ts';
export { judgeAddresses, type SyncKind, type SyncReport } from './machine/sync.ts';
export { createArtworkCutter, type ArtworkCutterOptions } from './runtime/artwork/cutter.ts';
export { integrationsOf, type Integrations, type Ports } from './runtime/integrations.ts';
export { askAccount, keepAccountCalls, type AccountQuestion } from './runtime/ask-account.ts';
export {
  Connections,
  type ConnectionsOptions,
  readReference,
  UnknownConnectionError,
  type ProjectSecrets,
} from './runtime/connections.ts';
export {
  makeSealingKey,
  readSealingKeys,
  seal,
  SEALING_KEYS,
  SecretError,
  unseal,
  type SealedSecret,
  type SealingKey,
  type SecretPlace,
} from './common/sealing.ts';
export type { OnceOptions } from './scheduling/once.ts';
export type { Waiting } from './machine/waiting.ts';
export { InvalidOptionsError, type InvalidOption } from './common/invalid-options.ts';
export {
  workKinds,
  type AdapterPort,
  type CallOutcome,
  type CampaignWork,
  type CountedCalls,
  type CountedCampaign,
  type CountedJobs,
  type PipelineCounts,
  type WorkKind,
} from './runtime/meter.ts';
export type { PipelineOptions, Point } from './runtime/options.ts';
export { defaultSettings, type PipelineSettings } from './runtime/settings.ts';
export { RestoreWatermarkError } from './runtime/restore-watermark.ts';
export {
  restoreWatermarkFolder,
  type RestoreWatermarkStore,
} from './runtime/restore-watermark-store.ts';
export { createPipeline, PipelineStoppedError, type Pipeline } from './pipeline.ts';
export type { Stopped } from './scheduling/running.ts';
export type { AskedSince } from './stages/house/restore.ts';
export type { SyncOptions } from './stages/sync/sync.ts';
export type { Reception } from './stages/track/receive-webhook.ts';
export * from './ports/index.ts';
export { VERSION } from './version.ts';
