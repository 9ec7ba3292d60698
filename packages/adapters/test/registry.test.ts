/** A provider is one folder and one line of the registry: everything else is derived from it. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { UsageMeter } from '@postrider/core/ports';
import { z } from 'zod';
import { kindsFile, withTables } from '../scripts/tables.ts';
import { adapters, byPort, providers, type KindOf, type Provider } from '../src/index.ts';
import { describeOptions } from '../src/kit/options.ts';
import { portNames } from '../src/kit/provider.ts';
import { kinds } from '../src/kinds.generated.ts';
import { wiringAt } from './helpers.ts';

const root = join(import.meta.dirname, '../../..');

const meter: UsageMeter = {
  record: async (items) => await Promise.resolve(items.map(() => ({ outcome: 'done' }))),
};

/** As its `index.ts` would have it. */
const abacus = {
  kind: 'abacus',
  title: 'Beads on wires',
  usageMeter: {
    options: z.strictObject({
      beads: z.int().default(10).describe('on a wire'),
      maker: z.string().describe('who made it'),
      wires: z.array(z.string()).default([]).describe('their names'),
    }),
    create: () => meter,
  },
} as const satisfies Provider;

const page = readFileSync(join(root, 'docs/reference/campaign-file.md'), 'utf8');

describe('The registry', () => {
  it('has the kinds of each port, by their types too', () => {
    const audience: KindOf<'audience'>[] = ['csv', 'ndjson'];
    assert.deepEqual(Object.keys(adapters.audience), audience);
    // @ts-expect-error a renderer is no audience
    const wrong: KindOf<'audience'> = 'typst';
    assert.ok(!(wrong in adapters.audience));
  });

  it('tells of a provider in its list wherever adapters are told of', async () => {
    const list = [...providers, abacus];
    const made = await byPort(list).usageMeter['abacus']?.create({}, wiringAt('/'));
    assert.equal(made, meter);
    assert.match(kindsFile(list), /^ {2}usage_meter: \['file', 'abacus'\],$/m);
    const written = withTables(page, list);
    for (const line of [
      '| | `abacus` | Beads on wires | | |',
      '| | `abacus` | `beads` | `10` | on a wire |',
      '| | | `maker` | required | who made it |',
      '| | | `wires` | | their names |',
    ])
      assert.ok(written.includes(`\n${line}\n`), line);
  });

  it('has no kind twice at a port, and each provider in the folder of its name', () => {
    for (const provider of providers) {
      assert.ok(existsSync(join(import.meta.dirname, '../src', provider.kind, 'index.ts')));
      const others = providers.filter((other) => other.kind === provider.kind);
      assert.deepEqual(others, [provider]);
    }
  });

  it('has a description of each option', () => {
    for (const provider of providers satisfies readonly Provider[] as readonly Provider[])
      for (const port of portNames)
        assert.doesNotThrow(() => describeOptions(provider[port]?.options), provider.kind);
    assert.throws(() => describeOptions(z.object({ mute: z.string() })), /mute/);
  });

  it('is what campaign files are checked by, and what help shows', () => {
    const of = (port: string): readonly string[] => kinds[port] ?? [];
    assert.deepEqual(of('image_host'), Object.keys(adapters.imageHost));
    assert.deepEqual(of('printer'), Object.keys(adapters.printer));
  });

  it('is the only file outside of a provider’s folder that imports it', () => {
    const kind = `(?:${providers.map((one) => one.kind).join('|')})[/']`;
    const near = new RegExp(`from '\\.\\.?/(?:src/)?${kind}`);
    const far = new RegExp(`from '@postrider/adapters/${kind}`);
    const files = globSync('packages/*/{src,scripts}/**/*.ts', { cwd: root })
      .filter((file) => !file.includes('/test/'))
      .filter((file) =>
        (file.startsWith('packages/adapters/') ? near : far).test(
          readFileSync(join(root, file), 'utf8'),
        ),
      );
    // Benchmarks are a program that uses the library: they import the one that does nothing, the
    // renderer whose documents are cut, and the printer whose pace is measured.
    assert.deepEqual([...new Set(files)].toSorted(), [
      'packages/adapters/src/registry.ts',
      'packages/bench/src/artwork.ts',
      'packages/bench/src/noop-ports.ts',
      'packages/bench/src/submit.ts',
    ]);
  });
});
