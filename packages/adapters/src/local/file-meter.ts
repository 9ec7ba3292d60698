import type { AdapterFactory, AdapterWiring, UsageMeter } from '@postrider/core/ports';
import { createEffectFile } from './effect-file.ts';

/** What is charged for, one JSON object a line in `usage.ndjson`, each key once. */
export function createFileMeter(options: unknown, wiring: AdapterWiring): UsageMeter {
  return { record: createEffectFile('usageMeter', 'usage.ndjson', options, wiring) };
}

export const fileMeter: AdapterFactory<UsageMeter> = { kind: 'file', create: createFileMeter };
