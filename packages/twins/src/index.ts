/** Stand-ins for providers, as processes of their own. */
export { TwinError } from './kit/errors.ts';
export { makeFolder } from './kit/folders.ts';
export type { SpawnedTwin } from './kit/spawn.ts';
export * from './print-shop/index.ts';
export * from './lob/index.ts';
export * from './klaviyo/index.ts';
