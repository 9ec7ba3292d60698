/**
 * What all stand-ins for providers share. Each is imported as `@postrider/twins/<provider>`, and
 * `commands.ts` is the one list of them.
 */
export { TwinError } from './kit/errors.ts';
export { makeFolder } from './kit/folders.ts';
export type { SpawnedTwin } from './kit/spawn.ts';
