import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { duration, printable, redacted } from '../src/process/text.ts';

describe('words that a process says', () => {
  it('tell how long something took as people do', () => {
    assert.deepEqual([0.4, 340, 7400, 42_400, 720_000, 11_100_000, 187_200_000].map(duration), [
      '0 ms',
      '340 ms',
      '7.4 s',
      '42 s',
      '12 min',
      '3 h 5 min',
      '2 d 4 h',
    ]);
  });

  it('cuts passwords out of whatever is told', () => {
    assert.equal(
      redacted('connect postgres://ada:s3cret@db:5432/x failed'),
      'connect postgres://ada:***@db:5432/x failed',
    );
    assert.equal(redacted('host=db password=s3cret user=ada'), 'host=db password=*** user=ada');
  });

  it('cuts them out of JSON that stays JSON', () => {
    for (const secret of ['s3cret', 's3\\cret', 's3cret\\', 's3cret"s3', '\\s3cret'])
      for (const text of [
        `password=${secret}`,
        `"password=${secret}"`,
        `sslpassword=${secret} x`,
      ]) {
        const told = redacted(JSON.stringify({ text, other: 1 }));
        assert.equal((JSON.parse(told) as { other: number }).other, 1, told);
        assert.doesNotMatch(told, /s3cret/);
      }
  });

  it('show what would move the cursor', () => {
    assert.equal(printable('a\u001b[31mb\nc'), 'a\\u001b[31mb\\nc');
    assert.equal(printable('\u202eabc'), '\\u202eabc');
  });
});
