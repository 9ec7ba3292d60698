import { AdapterConfigError } from '@postrider/core/ports';
import type { z } from 'zod';

/** Parses the options of a campaign file and names the option at fault, for example `audience.columns.email`. */
export function parseOptions<Schema extends z.ZodType>(port: string, schema: Schema, options: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
  const what = issue?.code === 'unrecognized_keys' ? 'is not an option of this adapter' : (issue?.message ?? 'cannot be used');
  throw new AdapterConfigError([port, ...path].map(String).join('.'), what);
}
