/** The options of an adapter: read by their schema, and described for the docs. */
import { AdapterConfigError } from '@postrider/core/ports';
import type { z } from 'zod';
import { campaignFields } from './provider.ts';
import { faultsOf } from '@postrider/core/ports/schema-words';

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
  const [first, ...further] = faultsOf(parsed.error, {
    schema,
    value: given,
    noSuch: 'is not an option of this adapter',
    beside: ['kind', ...(campaignFields[port] ?? [])],
  }).map(({ path, message }) => ({
    option: [port, ...path].map(String).join('.'),
    message,
  }));
  throw new AdapterConfigError(first?.option ?? port, first?.message ?? 'cannot be used', further);
}

/** An option as the docs tell of it. */
export interface DescribedOption {
  readonly name: string;
  readonly required: boolean;
  /** What counts where it is not given; undefined where nothing does. */
  readonly fallback: unknown;
  readonly description: string;
}

/** Throws where an option has no description: the docs would not say what it is. */
export function describeOptions(schema: z.ZodObject | undefined): readonly DescribedOption[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description } = field as z.ZodType;
    if (description === undefined) throw new Error(`the option ${name} has no description`);
    const unset = (field as z.ZodType).safeParse(undefined);
    return { name, required: !unset.success, fallback: usable(unset.data), description };
  });
}

/** An empty list or group says no more than that nothing was given. */
function usable(fallback: unknown): unknown {
  const empty =
    typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0;
  return empty ? undefined : fallback;
}
