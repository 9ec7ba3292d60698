/** Events of a webhook or a poll, each read by itself: an odd one costs no other. */
import type { PrinterEvent, UnusableEvent } from '@postrider/core/ports';
import { z } from 'zod';

/**
 * @param schema of one event.
 * @param title of the printer, for people.
 */
export function eachEvent<Schema extends z.ZodType>(
  told: readonly unknown[],
  schema: Schema,
  title: string,
  eventOf: (event: z.infer<Schema>) => PrinterEvent,
): (PrinterEvent | UnusableEvent)[] {
  return told.map((raw) => {
    const read = schema.safeParse(raw);
    return read.success
      ? eventOf(read.data)
      : {
          unusable: `${title} told an event that cannot be read: ${z.prettifyError(read.error)}`,
          raw,
        };
  });
}

/** As ISO 8601; what is no time as it is: core judges it. */
export function timeOf(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}
