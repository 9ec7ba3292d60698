/**
 * An opt-out that is entered in any of its forms stops the person in any of theirs: by whichever
 * way it comes in, and however far the person has come.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createCsvAudience } from '@postrider/adapters/csv';
import { suppress } from '@postrider/core';
import { contractContext } from '@postrider/core/contract';
import { beginMail } from '../../core/src/machine/mail.ts';
import { applySyncPage, closeSync } from '../../core/src/machine/sync.ts';
import { pageAnswer } from '../../core/src/stages/sync/audience-answers.ts';
import { driver, psql, psqlFound } from '../../../test/docs/shells.ts';
import {
  LEASE_MS,
  RUNNER,
  place as campaign,
  proofAll,
  runOpened,
  stage,
  statesOf,
} from '../../../test/sql/rig.ts';
import type { Place } from '../../../test/support/machine.ts';
import { cli } from './cli.ts';
import { cases, emailForms, type Case } from './opt-out-cases.ts';
import { ownPlace } from './places.ts';
import { isLong } from '../../../test/support/long.ts';

function beginOf({ organizationId }: Place, cohortId: string): Parameters<typeof beginMail>[1] {
  return { organizationId, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS };
}

/** Nobody has opted out of this one. */
const control: Omit<Case, 'optOut'> = {
  name: 'control',
  id: 'control',
  email: 'control@example.com',
  line1: '1 Control Street',
  postalCode: '02138',
};

function csv(rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\n');
}

/** The ways in. Each enters the opt-outs of these people in one organization. */
type Enter = (organization: Organization, people: readonly Case[]) => Promise<void>;

interface Organization extends Place {
  readonly name: string;
}

describe('an opt-out in any of its forms stops the person in any of theirs', () => {
  const at = ownPlace();
  const all = cases();
  const forms = Object.keys(emailForms).length;
  // Each form of an e-mail with three others. By the command line a process for each pair would
  // take minutes; by the other ways all pairs are tried in the long form.
  const sample = (share: number): Case[] =>
    all.filter((_, n) => {
      const apart = (Math.floor(n / forms) - (n % forms) + forms) % forms;
      return n >= forms ** 2 || apart === 1 + 6 * share;
    });

  const ways: Readonly<Record<string, Enter>> = {
    'a file': async (organization, people) => {
      const path = join(at.place.home, 'opt-outs.csv');
      const cells = people.map(({ optOut }) => [
        optOut.email ?? '',
        optOut.externalId ?? '',
        optOut.line1 ?? '',
        optOut.postalCode ?? '',
      ]);
      writeFileSync(path, csv([['email', 'external_id', 'line1', 'postal_code'], ...cells]));
      const args = [
        'suppress',
        '--file',
        path,
        '--organization',
        organization.name,
        '--yes',
        '--json',
      ];
      const run = await cli(at.place, args);
      assert.equal(run.code, 0, run.stderr);
      assert.equal(run.json<{ entries: number }>()[0]?.entries, people.length);
    },
    'the command line': async (organization, people) => {
      for (const { name, optOut } of people) {
        const options = [
          ['--email', optOut.email],
          ['--external-id', optOut.externalId],
          ['--line1', optOut.line1],
          ['--postal-code', optOut.postalCode],
        ].flatMap(([option, value]) => (typeof value === 'string' ? [`${option}=${value}`] : []));
        const args = ['suppress', ...options, '--organization', organization.name];
        const run = await cli(at.place, args);
        assert.equal(run.code, 0, `${name}: ${run.stderr}`);
      }
    },
    'the library': async ({ organizationId }, people) => {
      for (const { optOut } of people)
        await suppress(at.machine.sql, organizationId, optOut, 'app');
    },
    psql: async ({ organizationId }, people) => {
      const text = (value: string | null | undefined): string =>
        typeof value !== 'string' ? 'null' : `$text$${value}$text$`;
      const calls = people.map(
        ({ optOut: { email, externalId, line1, postalCode } }) =>
          `postrider.suppress('${organizationId}', ${text(email)}, ${text(externalId)}, ` +
          `p_line1 => ${text(line1)}, p_postal_code => ${text(postalCode)})`,
      );
      const shell = psqlFound() === null ? driver : psql;
      for (let i = 0; i < calls.length; i += 50)
        await shell.run(at.machine.url, `select ${calls.slice(i, i + 50).join(',\n')};`, {});
    },
  };

  /** The people of a real list, through the reader and the checks of a sync. */
  async function takeIn(organization: Organization, people: readonly Case[]): Promise<void> {
    const path = join(at.place.home, 'people.csv');
    const rows = [...people, control].map(({ id, email, line1, postalCode }) => [
      id,
      email,
      'Ann',
      id,
      line1,
      'Boston',
      'MA',
      postalCode,
    ]);
    const header = ['id', 'email', 'first_name', 'last_name', 'address1', 'city', 'state', 'zip'];
    writeFileSync(path, csv([header, ...rows]));
    const report = await read(organization, path);
    const unread = Object.keys(report.noted).filter((reason) => reason.startsWith('email'));
    assert.deepEqual([report.created, unread], [people.length + 1, []]);
  }

  async function read(organization: Organization, path: string) {
    const { sql } = at.machine;
    const run = await runOpened(sql, organization);
    const wiring = { baseDirectory: '/', dataDirectory: at.place.home, secret: () => undefined };
    const audience = createCsvAudience({ path }, wiring);
    const pages = audience.members('all', { pageSize: 200, limit: null }, contractContext());
    for await (const page of pages) {
      const { members, rejects } = pageAnswer(page);
      await applySyncPage(sql, run, { members, rejects, waitedMs: 0 });
    }
    return await closeSync(sql, run, { complete: true, error: null });
  }

  async function made(): Promise<Organization> {
    const where = await campaign(at.machine.sql);
    const [row] = await at.machine.sql<{ name: string }[]>`
      select name from postrider.organization where id = ${where.organizationId}`;
    return { ...where, name: row?.name ?? '' };
  }

  /** Everybody but the control, whose card is begun. */
  async function allStopped(organization: Organization, people: readonly Case[]): Promise<void> {
    const { sql } = at.machine;
    const states = await statesOf(sql, organization);
    const still = Object.entries(states).filter(([, state]) => state !== 'blacklisted');
    const named = new Map(people.map(({ id, name }) => [id, name]));
    assert.deepEqual(
      still.map(([id]) => named.get(id) ?? id),
      ['control'],
    );
    assert.equal(Object.keys(states).length, people.length + 1);
  }

  const moments: Readonly<
    Record<
      string,
      (organization: Organization, people: readonly Case[], enter: Enter) => Promise<void>
    >
  > = {
    'before the person comes in': async (organization, people, enter) => {
      await enter(organization, people);
      await takeIn(organization, people);
    },
    'when the person has come in': async (organization, people, enter) => {
      await takeIn(organization, people);
      await enter(organization, people);
    },
    'when the card is about to be sent': async (organization, people, enter) => {
      const { sql } = at.machine;
      await takeIn(organization, people);
      await proofAll(sql, organization);
      const cohorts = await stage(sql, organization, 'mail', 20);
      await enter(organization, people);
      const begun = [];
      for (const id of cohorts)
        begun.push(...((await beginMail(sql, beginOf(organization, id)))?.pieces ?? []));
      assert.equal(begun.length, 1, 'the card of the control');
    },
  };

  for (const [way, enter] of Object.entries(ways))
    for (const [share, [moment, order]] of Object.entries(moments).entries())
      it(`by ${way}, ${moment}`, async () => {
        const isWhole = isLong ? way !== 'the command line' : way === 'a file' && share === 0;
        const people = isWhole ? all : sample(share);
        const organization = await made();
        await order(organization, people, enter);
        await allStopped(organization, people);
      });

  it('is found at the last moment, where it stands and nobody was told of it', async () => {
    const { sql } = at.machine;
    const organization = await made();
    await takeIn(organization, all);
    await proofAll(sql, organization);
    const cohorts = await stage(sql, organization, 'mail', 20);
    for (const { optOut } of all)
      await sql`
        select postrider.add_suppressions(
          ${organization.organizationId}, null, postrider.email_keys(${optOut.email ?? null}),
          postrider.trimmed(${optOut.externalId ?? null}),
          postrider.household_key(
            ${optOut.line1 ?? null}, null, ${optOut.postalCode ?? null}, 'US'),
          'no', 'test', null)`;
    for (const id of cohorts) await beginMail(sql, beginOf(organization, id));
    await allStopped(organization, all);
  });

  it('stops all of a list as people keep it, by the list of those who asked', async () => {
    const cases = join(import.meta.dirname, '../../../test/cases');
    for (const readFirst of [true, false]) {
      const organization = await made();
      const people = async () => await read(organization, join(cases, 'emails.csv'));
      if (readFirst) assert.deepEqual((await people()).invalid, 0);
      const args = ['--file', join(cases, 'opt-outs.csv'), '--organization', organization.name];
      const run = await cli(at.place, ['suppress', ...args]);
      assert.equal(run.code, 0, run.stderr);
      if (!readFirst) await people();
      const states = Object.values(await statesOf(at.machine.sql, organization));
      assert.deepEqual(states, Array<string>(13).fill('blacklisted'));
    }
  });
});
