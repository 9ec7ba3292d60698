/**
 * One organization in a database of its own, with an operator who may do no more than operators
 * may, and short ways into trouble.
 */
import { randomBytes } from 'node:crypto';
import type postgres from 'postgres';
import { launched, type Machine, type Person, type Place } from '../support/machine.ts';
import { connect } from '../support/server.ts';
import type { Answer } from './documented.ts';

/** The operator's name in the document. */
const OPERATOR = 'night_operator';

export interface OperatedPlace extends AsyncDisposable {
  readonly machine: Machine;
  /** As the owner. */
  readonly sql: postgres.Sql;
  readonly at: Place;
  readonly ownerUrl: string;
  readonly operatorUrl: string;
  /** As the operator. */
  readonly operator: postgres.Sql;
  /** With the operator's name as in the document. */
  renamed(answer: Answer): Answer;
}

export type Row = Readonly<Record<string, string>>;

/** The document's statements, by the name of their step. */
export interface Statements {
  rows(step: string, variables?: Readonly<Record<string, string>>): Promise<Row[]>;
  /** What the server says when it refuses. */
  refusal(step: string, variables?: Readonly<Record<string, string>>): Promise<string>;
}

export type Scenario = (operated: OperatedPlace, run: Statements) => Promise<void>;

export async function openOperatedPlace(machine: Machine): Promise<OperatedPlace> {
  const { sql } = machine;
  const at = await launched(sql);
  // Roles belong to the cluster, which other tests share.
  const role = `${OPERATOR}_${process.pid}_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(16).toString('hex');
  await sql.unsafe(`create role ${role} login password '${password}' in role postrider_operator`);
  await sql`
    insert into postrider.organization_member (organization_id, role_name)
    values (${at.organizationId}, ${role})`;
  const url = new URL(machine.url);
  url.username = role;
  url.password = password;
  const operatorUrl = url.href;
  const operator = connect(operatorUrl);
  return {
    machine,
    sql,
    at,
    ownerUrl: machine.url,
    operatorUrl,
    operator,
    renamed: ({ columns, rows }) => ({
      columns,
      rows: rows.map((row) => row.map((cell) => cell.replaceAll(role, OPERATOR))),
    }),
    async [Symbol.asyncDispose]() {
      await operator.end({ timeout: 2 });
      await sql.unsafe(`drop role ${role}`);
    },
  };
}

const names = [
  'Ada',
  'Ben',
  'Cleo',
  'Dora',
  'Emil',
  'Fay',
  'Gus',
  'Hedy',
  'Ian',
  'June',
  'Kit',
  'Lena',
];

/** Neighbours in households of their own; the first is ada@example.com. */
export function neighbours(n: number, street = 'Main Street'): Person[] {
  return Array.from({ length: n }, (_, i) => {
    const name = names[i] ?? `Guest ${i + 1}`;
    const first = street === 'Main Street' ? name : `${name} ${street[0] ?? ''}`;
    return {
      row: i + 2,
      externalId: `${street.slice(0, 2).toUpperCase()}-${1001 + i}`,
      email: `${first.toLowerCase().replaceAll(' ', '.')}@example.com`,
      firstName: first,
      lastName: 'Miller',
      line1: `${12 + i} ${street}`,
      line2: null,
      city: 'Springfield',
      region: 'IL',
      postalCode: '62701',
      country: 'US',
      merge: {},
    };
  });
}
