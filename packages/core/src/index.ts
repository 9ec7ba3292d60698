/** @postrider/core: the recipient state machine as a library. */
export { connect, type ConnectOptions } from './machine/connect.ts';
export { isMachineError, MachineError, type MachineErrorKind } from './machine/errors.ts';
export { UnsuitableSessionError } from './machine/session.ts';
export { migrate, migrationSql } from './machine/migrate.ts';
export { MigrationError, planMigration, type MigrationPlan } from './machine/migration-plan.ts';
export * from './machine/operator.ts';
export * from './machine/states.generated.ts';
export { concludeRestore } from './machine/watermark.ts';
export type { CampaignBrief, CohortStage } from './machine/cohorts.ts';
export type { SyncKind, SyncReport } from './machine/sync.ts';
export {
  integrationsOf,
  type Integrations,
  type Ports,
  type PrinterBrief,
} from './pipeline/integrations.ts';
export type { OnceOptions, Waiting } from './pipeline/once.ts';
export {
  defaultSettings,
  type PipelineOptions,
  type PipelineSettings,
  type Point,
} from './pipeline/options.ts';
export { RestoreWatermarkError } from './pipeline/restore-watermark.ts';
export {
  restoreWatermarkFolder,
  type RestoreWatermarkStore,
} from './pipeline/restore-watermark-store.ts';
export { createPipeline, PipelineStoppedError, type Pipeline } from './pipeline/pipeline.ts';
export type { Stopped } from './pipeline/running.ts';
export type { AskedSince } from './stages/restore.ts';
export type { SyncOptions } from './stages/sync.ts';
export type { Reception } from './stages/track.ts';
export * from './ports/index.ts';
export { VERSION } from './version.ts';
