/**
 * The service's own data: its customers, in its own schema, and how the pipeline reads them.
 * Nothing here knows how cards are made or mailed.
 */
import {
  AudienceSourceError,
  type AudiencePage,
  type AudienceSource,
  type Member,
} from '@postrider/core';
import type postgres from 'postgres';

export async function prepareCustomers(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(`
    create schema if not exists garden;
    create table if not exists garden.customer (
      id int primary key, name text not null, email text not null,
      street text, zip text, town text, state text,
      loves text not null, mail_me boolean not null default true);
    create table if not exists garden.price (plant text primary key, cents int not null);
    insert into garden.price values ('tulips', 450), ('roses', 1200) on conflict do nothing;
    insert into garden.customer (id, name, email, street, zip, town, state, loves) values
      (1, 'Ada Miller', 'ada@example.com',
        '12 Main Street', '62701', 'Springfield', 'IL', 'tulips'),
      (2, 'Bob Miller', 'bob@example.com',
        '12 MAIN ST', '62701', 'Springfield', 'IL', 'roses'),
      (3, 'Cleo Sands', 'cleo@example.com',
        '7 Elm Road, Apt 4', '62702', 'Springfield', 'IL', 'roses'),
      (4, 'Dora Lind', 'dora@example.com',
        '301 Oak Avenue', '62703', 'Springfield', 'IL', 'tulips'),
      (5, 'Emil Brandt', 'emil@example.com', null, null, null, null, 'tulips'),
      (6, 'Fay Okoro', 'fay@example.com',
        '9 Pine Court', '62704', 'Springfield', 'IL', 'roses'),
      (7, 'Gus Weaver', 'gus@example.com',
        '55 Lake Drive', '62707', 'Springfield', 'IL', 'tulips')
    on conflict do nothing`);
}

interface CustomerRow {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly street: string | null;
  readonly zip: string | null;
  readonly town: string | null;
  readonly state: string | null;
  readonly loves: string;
}

function toMember(row: CustomerRow): Member {
  const [firstName = '', ...rest] = row.name.split(' ');
  return {
    row: null,
    externalId: String(row.id),
    email: row.email,
    firstName,
    lastName: rest.join(' '),
    // Null: only the e-mail is known. An enricher could find the address; without one the person is
    // skipped, and comes back when the address does.
    address:
      row.street === null || row.zip === null || row.town === null
        ? null
        : {
            line1: row.street,
            line2: null,
            city: row.town,
            region: row.state,
            postalCode: row.zip,
            country: 'US',
          },
    merge: { loves: row.loves },
  };
}

/**
 * The audience port. A segment is a plant here; pages go by the primary key, so memory does not
 * grow with the number of customers.
 */
export function customersWhoLove(sql: postgres.Sql): AudienceSource {
  return {
    async *members(segmentId, { pageSize, limit }, context): AsyncGenerator<AudiencePage> {
      let after = 0;
      for (let left = limit ?? Infinity; left > 0;) {
        context.signal.throwIfAborted();
        const rows = await sql<CustomerRow[]>`
          select id, name, email, street, zip, town, state, loves
          from garden.customer
          where id > ${after} and mail_me and (${segmentId} = 'everybody' or loves = ${segmentId})
          order by id
          limit ${Math.min(pageSize, left)}`.catch((error: unknown) => {
          throw new AudienceSourceError('the customers cannot be read', { cause: error });
        });
        if (rows.length === 0) return;
        yield { members: rows.map(toMember), rejects: [], waitedMs: 0 };
        after = rows.at(-1)?.id ?? after;
        left -= rows.length;
      }
    },
  };
}
