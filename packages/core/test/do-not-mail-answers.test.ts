/** What a source says of who is not to be mailed, through the library's port. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageAnswer } from '../src/stages/sync/audience-answers.ts';

const ann = {
  row: 7,
  externalId: 'c1',
  email: 'ann@example.com',
  firstName: 'Ann',
  lastName: 'Lee',
  address: {
    line1: '1 Main Street',
    line2: null,
    city: 'Oakland',
    region: 'CA',
    postalCode: '94607',
    country: 'US',
  },
  merge: {},
};

function told(over: object) {
  const { members, rejects } = pageAnswer({ members: [{ ...ann, ...over }], rejects: [] });
  const [member] = members;
  return {
    doNotMail: member?.doNotMail,
    because: member?.doNotMailBecause,
    address: member?.address === null ? null : member?.address.line1,
    notes: (member?.notes ?? []).map(({ reason }) => reason),
    rejects: rejects.map(({ reason }) => reason),
  };
}

const mailed = {
  doNotMail: undefined,
  because: undefined,
  address: '1 Main Street',
  notes: [],
  rejects: [],
};
const kept = { ...mailed, doNotMail: true };

void test('a member may say that it is not to be mailed, and why', () => {
  for (const doNotMail of [undefined, null, false]) assert.deepEqual(told({ doNotMail }), mailed);
  assert.deepEqual(told({ doNotMail: false, doNotMailBecause: 'x' }), mailed);
  assert.deepEqual(told({ doNotMail: true }), kept);
  const because = '"Do Not Mail" is "yes"';
  assert.deepEqual(told({ doNotMail: true, doNotMailBecause: because }), { ...kept, because });
  assert.deepEqual(told({ doNotMail: true, doNotMailBecause: 7 }), kept);
});

void test('what is neither true nor false keeps the person out, and is told', () => {
  for (const doNotMail of ['no', 'yes', '', 0, 1, {}])
    assert.deepEqual(told({ doNotMail }), { ...kept, notes: ['do_not_mail_unclear'] });
});

void test('a person who is not to be mailed is kept by the id, whatever else cannot be used', () => {
  const fault = (over: object, reason: string) => {
    assert.deepEqual(told({ ...over, doNotMail: true }), {
      ...kept,
      address: null,
      notes: [reason],
    });
    assert.deepEqual(told(over), {
      doNotMail: undefined,
      because: undefined,
      address: undefined,
      notes: [],
      rejects: [reason],
    });
  };
  fault({ address: { ...ann.address, city: '' } }, 'incomplete_address');
  fault({ firstName: 'A\u0000n' }, 'nul_byte');
  fault({ merge: 'x' }, 'not_text');
  assert.deepEqual(told({ doNotMail: true, address: null, email: null }), {
    ...kept,
    address: null,
  });
  assert.deepEqual(told({ doNotMail: true, externalId: ' ' }).rejects, ['missing_external_id']);
});
