/** An account at Klaviyo: what its key looks like, and what one harmless question finds out. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { server } from '../../../test/answering.ts';
import { refusingUrl } from '../../kit/test/sockets.ts';
import { klaviyoAccount } from '../index.ts';
import { accountAt, KEY, twinHere } from './accounts.ts';

async function found(url: string, over: Parameters<typeof accountAt>[1] = {}) {
  return await klaviyoAccount.check(accountAt(url, over), contractContext());
}

describe('An account at Klaviyo', () => {
  it('has a private key, which does not tell its mode', () => {
    const [secret] = klaviyoAccount.secrets;
    assert.equal(secret?.problem(KEY), null);
    assert.match(secret?.problem('AbC123') ?? '', /is a public key/);
    assert.match(secret?.problem('sk_1') ?? '', /does not begin with pk_/);
    assert.equal(klaviyoAccount.modeOf(KEY), null);
  });

  it('is asked one question that changes nothing, and says whose it is', async () => {
    const { url, twin } = await twinHere({ testAccount: true });
    assert.deepEqual(await found(url, { mode: 'test' }), {
      outcome: 'usable',
      mode: 'test',
      account: 'The twin of Klaviyo (TwinAc)',
      notes: [],
    });
    const requests = await twin.requests();
    assert.deepEqual(
      requests.map(({ method, path, status }) => [method, path, status]),
      [['GET', '/api/accounts', 200]],
    );
    assert.deepEqual(await twin.ledger(), []);
  });

  it('has the mode that the connection has, and what Klaviyo calls it is told', async () => {
    for (const [testAccount, mode, words] of [
      [true, 'live', /calls it a test account/],
      [false, 'test', /no test account.*start its flows/],
      [false, 'live', /^\[\]$/],
    ] as const) {
      const { url } = await twinHere({ testAccount });
      const finding = await found(url, { mode });
      assert.ok(finding.outcome === 'usable' && finding.mode === mode);
      assert.match(JSON.stringify(finding.notes), words);
    }
  });

  it('is usable with a key that may not read it, and refused with one that is not known', async () => {
    const scoped = await twinHere({ scopes: 'events' });
    const finding = await found(scoped.url);
    assert.match(JSON.stringify(finding), /"usable".*may not read accounts/);
    for (const wrongKey of ['unauthorized_401', 'invalid_400'] as const) {
      const { url } = await twinHere({ wrongKey });
      assert.equal((await found(url, { keys: ['pk_other'] })).outcome, 'refused');
    }
    const none = await found(scoped.url, { keys: [] });
    assert.match(JSON.stringify(none), /"unreachable".*has no API key/);
  });

  it('is unreachable where nobody answers, or somebody else does', async () => {
    assert.equal((await found(await refusingUrl())).outcome, 'unreachable');
    const { url } = await server((_request, response) => void response.writeHead(200).end('{}'));
    assert.match(JSON.stringify(await found(url)), /does not speak as Klaviyo does/);
    const page = await server((_request, response) => void response.writeHead(403).end('<html>'));
    assert.equal((await found(page.url)).outcome, 'unreachable');
    const { url: limited, twin } = await twinHere();
    await twin.fault({ kind: 'rate_limited' });
    assert.equal((await found(limited)).outcome, 'unreachable');
  });
});
