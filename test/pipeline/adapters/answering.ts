/** Adapters whose answers are those of a program without types. */
import { createNoopPrinter, createNoopRenderer } from '@postrider/adapters/noop';
import type { PieceRequest, Printer, Renderer, SubmitResult } from '@postrider/core/ports';
import type { Opened } from '../rig.ts';

/** An answer as a program without types would give it. */
export function odd<Answer>(answer: unknown): Answer {
  return answer as Answer;
}
export function printerWith(over: Partial<Printer>): Printer {
  return { ...createNoopPrinter(), ...over };
}
export function accepted({ reference }: PieceRequest): SubmitResult {
  return {
    outcome: 'accepted',
    providerId: `id-${reference.recipientId}`,
    replayed: false,
    expectedDelivery: null,
  };
}
/** The person's place in the list, from 0. */
function place({ to }: PieceRequest): number {
  return Number(/p(\d+)$/.exec(to.name)?.[1]);
}

/**
 * A printer that answers the first submit with these, by the people's places, and takes everybody
 * else.
 */
export function answering(answers: readonly unknown[]): Printer {
  let asked = false;
  return printerWith({
    timeoutMs: 50_000,
    submit: async (pieces) => {
      if (asked) return await new Promise(() => undefined);
      asked = true;
      return await Promise.resolve(
        pieces.map((piece) =>
          place(piece) < answers.length
            ? odd<SubmitResult>(answers[place(piece)])
            : accepted(piece),
        ),
      );
    },
  });
}

interface Piece {
  readonly status: string;
  readonly detail: string | null;
  readonly expected: string | null;
  readonly state: string;
  readonly waits: number | null;
}

export async function pieces({ sql }: Opened): Promise<Piece[]> {
  return await sql<Piece[]>`
    select m.status, coalesce(s.detail, m.outcome_detail) as detail,
      m.expected_delivery::text as expected, s.state,
      extract(epoch from s.available_at - s.since)::float8 as waits
    from postrider.mailpiece m
    join postrider.recipient_state s using (organization_id, recipient_id)
    join postrider.recipient r on r.organization_id = s.organization_id and r.id = s.recipient_id
    order by substr(r.external_id, 2)::int`;
}

/** A renderer whose first answers are changed on their way; later ones are as they should be. */
export function rendererWith(
  change: (answer: Awaited<ReturnType<Renderer['render']>>) => unknown,
  times: number,
): Renderer {
  const plain = createNoopRenderer();
  let left = times;
  return {
    ...plain,
    render: async (job, context) => {
      const answer = await plain.render(job, context);
      if (left === 0) return answer;
      left -= 1;
      return odd(change(answer));
    },
  };
}
