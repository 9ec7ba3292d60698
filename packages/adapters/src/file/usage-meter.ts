/** The usage meter that writes to a file. */
import type { AdapterWiring, UsageMeter } from '@postrider/core/ports';
import { createEffectFile } from './effect-file.ts';

export const USAGE_FILE = 'usage.ndjson';

/** What is charged for, one JSON object a line in `usage.ndjson`, each key once. */
export function createFileMeter(options: unknown, wiring: AdapterWiring): UsageMeter {
  return { record: createEffectFile('usageMeter', USAGE_FILE, options, wiring) };
}
