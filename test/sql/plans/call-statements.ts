import type postgres from 'postgres';
import { recordCalls } from '../../../packages/core/src/machine/provider-calls.ts';
import type { Place } from '../../support/machine.ts';
import { recordedCall } from '../rig/provider-calls.ts';

/** Keeps calls about the newest cards: by our ids, and by the printer's. */
export function recording(
  sql: postgres.Sql,
  { organizationId }: Place,
): readonly (readonly [what: string, run: () => Promise<unknown>])[] {
  return [
    [
      'record calls',
      async () => {
        const pieces = await sql<{ id: string; provider_id: string | null }[]>`
          select id, provider_id
          from postrider.mailpiece
          where organization_id = ${organizationId}
          order by id desc
          limit 50`;
        await recordCalls(
          sql,
          pieces.flatMap(({ id, provider_id: told }) => [
            recordedCall(organizationId, { about: [id] }),
            ...(told === null ? [] : [recordedCall(organizationId, { about: [told] })]),
          ]),
        );
      },
    ],
  ];
}
