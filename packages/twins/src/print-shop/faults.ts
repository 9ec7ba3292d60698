/** Faults as the print shop takes them, at `POST /v1/faults`, only with `--allow-faults`. */
import { z } from 'zod';
import { faultFields, type Fault as Waiting, type faultKinds } from '../kit/faults.ts';

const fault = z.object({
  ...faultFields,
  endpoint: z.enum(['submit', 'find', 'cancel', 'events', 'any']).default('submit'),
  /** Only requests that concern this mailpiece; `reject` then hits this piece alone. */
  mailpieceId: z.string().optional(),
});

export const faultsRequest = z.object({ faults: z.array(fault).min(1).max(1_000) });

export type Fault = z.infer<typeof fault>;
export type FaultInput = z.input<typeof fault>;
export type FaultKind = (typeof faultKinds)[number];
export type Endpoint = Exclude<Fault['endpoint'], 'any'>;

export function toWaiting({ mailpieceId, ...rest }: Fault): Waiting {
  return { ...rest, subject: mailpieceId };
}

export function fromWaiting({ subject, ...rest }: Waiting): object {
  return { ...rest, ...(subject === undefined ? {} : { mailpieceId: subject }) };
}
