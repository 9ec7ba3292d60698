import type postgres from 'postgres';
import type { Step } from './everyday-statements.ts';

/** What a night needs: what people ask when something is not as they thought. */
export function askedAtNight(sql: postgres.Sql): readonly Step[] {
  return [
    ['why by an id of nobody', async () => await sql`select * from postrider.why('nobody')`],
    ['trace by an id of nobody', async () => await sql`select * from postrider.trace('nobody')`],
    ['suppressed', async () => await sql`select * from postrider.suppressed('crowd7@example.com')`],
    [
      'suppressed, by address',
      async () =>
        await sql`
          select *
          from postrider.suppressed(p_line1 => '7 Crowd Street', p_postal_code => '94607')`,
    ],
    ['spending', async () => await sql`select * from postrider.spending`],
    ['pace', async () => await sql`select * from postrider.pace`],
  ];
}
