import { AdapterConfigError } from '@postrider/core/ports';
import type { z } from 'zod';
import { faultsOf } from './schema-words.ts';

/**
 * Parses the options of a campaign file and names those at fault, for example
 * `audience.columns.email`.
 */
export function parseOptions<Schema extends z.ZodType>(
  port: string,
  schema: Schema,
  options: unknown,
): z.infer<Schema> {
  const given = options ?? {};
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [first, ...further] = faultsOf(
    schema,
    given,
    parsed.error,
    'is not an option of this adapter',
  ).map(({ path, message }) => ({
    option: [port, ...path].map(String).join('.'),
    message,
  }));
  throw new AdapterConfigError(first?.option ?? port, first?.message ?? 'cannot be used', further);
}
