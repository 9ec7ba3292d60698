/** Safeguards of calls to providers: what is proven of a request, and what is kept of it. */
import type { Mutant } from './mutants.ts';

const http = 'packages/adapters/src/kit/http.ts';
const call = 'packages/adapters/src/kit/call.ts';
const pattern = 'packages/adapters/src/kit/redact-pattern.ts';
const text = 'packages/adapters/src/kit/call-text.ts';
const kept = 'sql/functions/90_house/provider_calls.sql';
const log = 'packages/core/src/runtime/call-log.ts';
const logTest = 'test/pipeline/mail/provider-calls.test.ts';
const tests = 'packages/adapters/src/kit/test';
const keptTest = 'test/sql/house/provider-calls.test.ts';

const probed = {
  file: 'test/pipeline/effects/klaviyo.test.ts',
  pattern: 'a probe of a runner takes from the limit',
};

export const providerCalls: readonly Mutant[] = [
  {
    name: 'limits-of-probes',
    without: 'a probe of a runner takes from the limit that all share',
    edits: [
      {
        file: 'packages/core/src/stages/house/probes.ts',
        find: 'const permit = await limiter.take(limit, cost, signal);',
        replace: 'const permit = { waitedMs: 0, end: () => void [limit, cost, signal] };',
      },
    ],
    test: probed,
  },
  {
    name: 'calls-of-probes',
    without: 'a probe of a runner is kept as a call',
    edits: [
      {
        file: 'packages/core/src/stages/house/probes.ts',
        find: 'calls: callLog.recorderOf(account, false),',
        replace: 'calls: callLog.recorderOf(null),',
      },
    ],
    test: probed,
  },
  {
    name: 'key-quoted-by-the-provider',
    without: 'what a provider says is without our key before an adapter makes a message of it',
    edits: [
      {
        file: call,
        find: 'withoutSecrets(await sendRequest(http), valueRedactor(request.secrets))',
        replace: 'withoutSecrets(await sendRequest(http), (said) => said)',
      },
    ],
    test: {
      file: 'test/pipeline/mail/quoted-keys.test.ts',
      pattern: 'stands in no table and no log',
    },
  },
  {
    name: 'first-byte-after-tls',
    without: 'a request is written once the other side has proven who it is',
    edits: [
      {
        file: http,
        find: "'secureConnecting' in socket && socket.secureConnecting === true",
        replace: 'socket.destroyed',
      },
    ],
    test: { file: `${tests}/http-not-sent.test.ts`, pattern: 'TLS ends before the other side' },
  },
  {
    name: 'unclear-once-sent',
    without: 'what was written may have been acted on',
    edits: [{ file: http, find: 'sent = true;', replace: '' }],
    test: { file: `${tests}/http.test.ts`, pattern: 'broke before or after its body' },
  },
  {
    name: 'no-way-is-not-sent',
    without: 'an address to which there is no way is proven not sent',
    edits: [{ file: http, find: 'else if (!socket.destroyed) ready();', replace: 'else ready();' }],
    test: { file: `${tests}/http-not-sent.test.ts`, pattern: 'the address refuses' },
  },
  {
    name: 'connect-in-time',
    without: 'a connection has a time of its own',
    edits: [
      {
        file: http,
        find: 'setTimeout(late, connectTimeoutMs, connectTimeoutMs)',
        replace: 'setTimeout(() => undefined, connectTimeoutMs)',
      },
    ],
    test: { file: `${tests}/http-not-sent.test.ts`, pattern: 'nobody accepts the connection' },
  },
  {
    name: 'largest-answer',
    without: 'an answer is read up to a limit',
    edits: [{ file: http, find: 'if (size > largestAnswer)', replace: 'if (size < 0)' }],
    test: { file: `${tests}/http.test.ts`, pattern: 'the answer has no end' },
  },
  {
    name: 'lease-before-first-byte',
    without: 'the lease is asked for when the connection stands',
    edits: [{ file: http, find: 'lastCheck?.();', replace: '' }],
    test: { file: `${tests}/call.test.ts`, pattern: 'where the limit or the lease says no' },
  },
  {
    name: 'judged-without-a-proxy',
    without: 'no proxy looks up a name whose addresses were judged',
    edits: [
      {
        file: http,
        find: "const judgedAgents = { 'http:': new PlainAgent(kept), 'https:': new TlsAgent(kept) };",
        replace:
          "const judgedAgents = { 'http:': new PlainAgent(proxied), 'https:': new TlsAgent(proxied) };",
      },
    ],
    test: { file: `${tests}/http-tls.test.ts`, pattern: 'go past that proxy' },
  },
  {
    name: 'broken-order-apart',
    without: 'an order that breaks ends no batch of which other requests are under way',
    edits: [
      {
        file: 'packages/adapters/src/kit/orders.ts',
        find: 'return await submitOne(desk, { ...order, guard });',
        replace: 'return submitOne(desk, { ...order, guard });',
      },
    ],
    test: { file: `${tests}/orders.test.ts`, pattern: 'costs no other' },
  },
  {
    name: 'broken-order-sent',
    without: 'what broke after the lease was asked for is unknown',
    edits: [
      { file: 'packages/adapters/src/kit/orders.ts', find: 'mayBeSent = true;', replace: '' },
    ],
    test: { file: `${tests}/orders.test.ts`, pattern: 'breaks the reading of it is unknown' },
  },
  {
    name: 'broken-effect-apart',
    without: 'an effect that breaks ends no batch of which other requests are under way',
    edits: [
      {
        file: 'packages/adapters/src/kit/one-by-one.ts',
        find: 'await send(item).catch(thrown)',
        replace: 'await send(item)',
      },
    ],
    test: { file: `${tests}/one-by-one.test.ts`, pattern: 'costs no other its answer' },
  },
  {
    name: 'nothing-left-behind',
    without: 'an adapter that has come back may send nothing more',
    edits: [
      {
        file: 'packages/core/src/stages/mail/batch-guard.ts',
        find: 'this.#isOver = true;',
        replace: '',
      },
    ],
    test: { file: 'test/pipeline/mail/left-behind.test.ts', pattern: 'may send nothing more' },
  },
  {
    name: 'released-lease',
    without: 'a lease whose work is over allows no request',
    edits: [
      {
        file: 'packages/core/src/runtime/leases.ts',
        find: 'release(lease: Lease): void { lease.lose();',
        replace: 'release(lease: Lease): void {',
      },
    ],
    test: { file: 'packages/core/test/pipeline-parts.test.ts', pattern: 'whose work is over' },
  },
  {
    name: 'redact-base64',
    without: 'a secret is found in base64',
    edits: [{ file: pattern, find: 'if (bytes.length >= 4)', replace: 'if (bytes.length < 0)' }],
    test: { file: `${tests}/redact.test.ts`, pattern: 'holds no secret' },
  },
  {
    name: 'redact-percent',
    without: 'a secret is found as addresses and forms write it',
    edits: [
      {
        file: pattern,
        find: '`%(?:25){0,4}${hex(byte, 2)}`',
        replace: '`%${hex(byte, 2)}!`',
      },
    ],
    test: { file: `${tests}/redact.test.ts`, pattern: 'holds no secret' },
  },
  {
    name: 'redact-headers',
    without: 'headers that hold secrets are not kept',
    edits: [{ file: text, find: '${isSecretHeader(name) ? REDACTED : cut(', replace: '${(cut)(' }],
    test: { file: `${tests}/call.test.ts`, pattern: 'without what is secret' },
  },
  {
    name: 'redact-errors',
    without: 'the words of an error are looked at like all others',
    edits: [{ file: call, find: 'storable(redact(outcome.message))', replace: 'outcome.message' }],
    test: { file: `${tests}/call.test.ts`, pattern: 'with what is proven of it' },
  },
  {
    name: 'late-call-of-the-erased',
    without: 'a call that waited in a runner while its person was erased is kept without words',
    edits: [
      {
        file: kept,
        find: 'case when not t.is_erased then t."request" end,',
        replace: 't."request",',
      },
    ],
    test: { file: keptTest, pattern: 'an erasure takes out what was said' },
  },
  {
    name: 'late-call-of-an-erased-test',
    without: 'a late call that names an erased test card by the id of the printer loses its words',
    edits: [{ file: kept, find: "and m.mode = 'test'", replace: "and m.mode = 'live'" }],
    test: { file: keptTest, pattern: 'an erasure takes out what was said' },
  },
  {
    name: 'month-of-calls-over',
    without: 'a month of calls goes when the last of its days may',
    edits: [
      {
        file: 'sql/functions/90_house/partitions.sql',
        find: "(to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month')",
        replace: "to_date(right(c.relname, 7), 'YYYY_MM')::timestamp",
      },
    ],
    test: { file: keptTest, pattern: 'go with it when their time is over' },
  },
  {
    name: 'calls-bounded',
    without: 'calls that wait for the database are bounded',
    edits: [
      {
        file: log,
        find: 'const isTooMuch = this.#waiting.length >= MOST_WAITING ||',
        replace: 'const isTooMuch = this.#waiting.length < 0 ||',
      },
    ],
    test: { file: logTest, pattern: 'costs no memory without end' },
  },
  {
    name: 'calls-one-by-one',
    without: 'a call that no column takes costs no other',
    edits: [{ file: log, find: 'if (batch.length > 1)', replace: 'if (batch.length < 0)' }],
    test: { file: logTest, pattern: 'is mended, or costs itself and no other' },
  },
  {
    name: 'calls-at-the-stop',
    without: 'calls that wait are written when the pipeline stops',
    edits: [
      {
        file: 'packages/core/src/pipeline.ts',
        find: 'await within(KEEP_CALLS_MS, this.#context.callLog.end());',
        replace: '',
      },
    ],
    test: { file: logTest, pattern: 'is mended, or costs itself and no other' },
  },
  {
    name: 'calls-while-others-are-written',
    without: 'a call that comes while others are written is kept',
    edits: [
      {
        file: log,
        find: 'return waiting.slice(0, end < 0 ? undefined : end);',
        replace: 'return end < 0 ? waiting : waiting.slice(0, end);',
      },
    ],
    test: {
      file: 'packages/core/test/call-log.test.ts',
      pattern: 'a call that comes while others are written',
    },
  },
  {
    name: 'body-after-the-slot',
    without: 'nothing that takes its time comes between the slot of a request and its first byte',
    edits: [
      {
        file: call,
        find: 'request.body === undefined ? {} : { body: encodeBody(request.body) };',
        replace: '{};',
      },
    ],
    test: {
      file: 'packages/adapters/src/kit/test/call.test.ts',
      pattern: 'begins its request as soon as it has its slot',
    },
  },
];
