/** A form is read by others as the form that was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Form } from '../form.ts';

const file = fc.record({
  name: fc.string({ minLength: 1 }),
  type: fc.constantFrom('application/pdf', 'image/png'),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
const text = fc.string({ unit: fc.constantFrom('a', 'ß', '"', '%', '\r', '\n', '-', '☃') });
const fields = fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.oneof(text, file)), {
  minLength: 1,
  maxLength: 8,
});

/** As the platform writes and reads it. */
async function byPlatform(
  given: readonly (readonly [string, string | { name: string; type: string; bytes: Uint8Array }])[],
): Promise<unknown> {
  const form = new FormData();
  for (const [name, value] of given)
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new File([Buffer.from(value.bytes)], value.name, { type: value.type }));
  return await readBack(new Response(form));
}

async function readBack(response: Response): Promise<unknown> {
  const read = await response.formData();
  return await Promise.all(
    [...read].map(async ([name, value]) =>
      typeof value === 'string'
        ? [name, value]
        : [name, value.name, value.type, [...(await value.bytes())]],
    ),
  );
}

void test('whatever is in a form is read as it is of the platform’s own', async () => {
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      const form = new Form();
      for (const [name, value] of given) form.add(name, value);
      const { bytes, contentType } = form.encode();
      const headers = { 'content-type': contentType ?? '' };
      const read = await readBack(new Response(Buffer.from(bytes), { headers }));
      assert.deepEqual(read, await byPlatform(given));
    }),
    { numRuns: 300 },
  );
});
