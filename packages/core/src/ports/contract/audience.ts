/** The contract of an audience source. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AudienceSourceError } from '../audience.ts';
import { isNamed } from '../common.ts';
import type { AudienceSource, Member, Reject } from '../audience.ts';
import { abortedContext, contractContext } from './context.ts';

export interface AudienceHarness {
  readonly source: AudienceSource;
  /** A segment of at least five rows, members and rejects together. */
  readonly segmentId: string;
  readonly rows: number;
  /** A source that cannot be read at all. */
  readonly unreadable: AudienceSource;
  close(): Promise<void>;
}

interface Fetched {
  readonly members: readonly Member[];
  readonly rejects: readonly Reject[];
  readonly pages: readonly number[];
}

/**
 * What core relies on: every row is told once, in pages of bounded size, and a run that ends
 * without an error was whole.
 */
export function describeAudienceContract(name: string, make: () => Promise<AudienceHarness>): void {
  describe(`AudienceSource contract: ${name}`, () => {
    let harness: AudienceHarness;
    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    const fetch = async (pageSize: number, limit: number | null = null): Promise<Fetched> => {
      const [members, rejects, pages]: [Member[], Reject[], number[]] = [[], [], []];
      for await (const page of harness.source.members(
        harness.segmentId,
        { pageSize, limit },
        contractContext(),
      )) {
        members.push(...page.members);
        rejects.push(...page.rejects);
        pages.push(page.members.length + page.rejects.length);
        assert.ok(page.waitedMs >= 0, 'waitedMs is a duration');
      }
      return { members, rejects, pages };
    };

    it('accounts for every row, as a member or as a reject', async () => {
      const { members, rejects } = await fetch(1_000);
      assert.equal(members.length + rejects.length, harness.rows);
      for (const reject of rejects) {
        assert.match(reject.reason, /^[a-z][a-z0-9_]*$/, 'the reason is machine-readable');
        assert.match(reject.message, /\S.*\.$/s, 'the message is a sentence');
      }
    });

    it('gives the same people whatever the page size, in pages no larger than asked', async () => {
      const whole = await fetch(1_000);
      for (const pageSize of [1, 2, 3]) {
        const paged = await fetch(pageSize);
        assert.deepEqual(paged.members, whole.members);
        assert.deepEqual(paged.rejects, whole.rejects);
        assert.ok(
          paged.pages.every((rows) => rows > 0 && rows <= pageSize),
          `pages of ${paged.pages.join(', ')} rows`,
        );
      }
    });

    it('gives the same when it is read again', async () => {
      assert.deepEqual(await fetch(2), await fetch(2));
    });

    it('stops at the limit, which counts members and rejects', async () => {
      const whole = await fetch(1_000);
      for (const limit of [1, 3, harness.rows, harness.rows + 10]) {
        const { members, rejects } = await fetch(2, limit);
        assert.equal(members.length + rejects.length, Math.min(limit, harness.rows));
        assert.deepEqual(members, whole.members.slice(0, members.length));
        assert.deepEqual(rejects, whole.rejects.slice(0, rejects.length));
      }
    });

    it('tells each external id in plain text without blanks around it', async () => {
      for (const { externalId } of (await fetch(1_000)).members) {
        assert.notEqual(externalId, '');
        assert.equal(externalId, externalId.trim());
      }
    });

    it('says which field is what, where it does: merge data are the fields without a role', async () => {
      const { describe: tell } = harness.source;
      if (tell === undefined) return;
      const fields = await tell.call(harness.source, harness.segmentId, contractContext());
      const names = fields.map(({ field }) => field);
      assert.equal(new Set(names).size, names.length, 'each field is told once');
      const merge = new Set(fields.filter(({ role }) => role === null).map(({ field }) => field));
      for (const member of (await fetch(1_000)).members)
        for (const name of Object.keys(member.merge)) assert.ok(merge.has(name), name);
    });

    it('stops when the signal aborts, before and in the middle, and never ends as if it were whole', async () => {
      await assert.rejects(async () => {
        for await (const _ of harness.source.members(
          harness.segmentId,
          { pageSize: 2, limit: null },
          abortedContext(),
        ))
          assert.fail('a page came');
      });
      const controller = new AbortController();
      await assert.rejects(async () => {
        const context = contractContext({ signal: controller.signal });
        for await (const _ of harness.source.members(
          harness.segmentId,
          { pageSize: 1, limit: null },
          context,
        ))
          controller.abort();
      });
    });

    it('lets a reader stop early without harm', async () => {
      for await (const _ of harness.source.members(
        harness.segmentId,
        { pageSize: 1, limit: null },
        contractContext(),
      ))
        break;
      assert.equal(
        (await fetch(1_000)).members.length + (await fetch(1_000)).rejects.length,
        harness.rows,
      );
    });

    it('says that it cannot be read by AudienceSourceError', async () => {
      await assert.rejects(
        async () => {
          for await (const _ of harness.unreadable.members(
            harness.segmentId,
            { pageSize: 2, limit: null },
            contractContext(),
          ))
            assert.fail('a page came');
        },
        (error) =>
          isNamed<AudienceSourceError>(error, 'AudienceSourceError') && error.message.length > 10,
      );
    });
  });
}
