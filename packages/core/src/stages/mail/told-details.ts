/**
 * What a printer tells of a piece beside its answer, made fit to be kept. None of it may cost the
 * answer itself: what cannot be read counts as not told.
 */
import { z } from 'zod';
import type { ToldDetails } from '../../machine/mail.ts';

const LONGEST_LINK = 2000;
/** Beyond it a price is none. */
const HIGHEST_AMOUNT = 10n ** 15n;

const amount = z.bigint().min(0n).max(HIGHEST_AMOUNT);

const price = z
  .object({
    amount,
    scale: z.int().min(0).max(12),
    currency: z.string().regex(/^[A-Z]{3}$/),
    tax: amount.nullable(),
  })
  .transform((told) => ({
    ...told,
    amount: told.amount.toString(),
    tax: told.tax?.toString() ?? null,
  }))
  .nullable()
  .catch(null);

const mode = z.enum(['test', 'live']).nullable().catch(null);

const moment = z.iso
  .datetime({ offset: true })
  .transform((told) => new Date(told).toISOString())
  .nullable()
  .catch(null);

const link = z
  .url({ protocol: /^https?$/ })
  .max(LONGEST_LINK)
  .refine((told) => told.isWellFormed() && !told.includes('\0'))
  .nullable()
  .catch(null);

const links = z
  .object({ status: link, proof: link, thumbnail: link })
  .transform((told) => (Object.values(told).every((one) => one === null) ? null : told))
  .nullable()
  .catch(null);

/** Fields of an accepted answer. */
export const detailFields = { price, mode, cancellableUntil: moment, links };

/** Null where nothing was told. */
export function toldDetails(told: ToldDetails): ToldDetails | null {
  return Object.values(told).every((one) => one === null) ? null : told;
}
