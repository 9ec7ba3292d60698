/** A strict reader of Prometheus' text format 0.0.4, as its own parser reads it. */
import assert from 'node:assert/strict';

export interface Family {
  readonly type: string;
  readonly help: string;
  /** By its labels, as `{a="b"}`; '' without any. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const sample = new RegExp(
  `^(?<name>${NAME})(?<labels>\\{${LABEL}(?:,${LABEL})*\\})? (?<value>[-+]?\\d[\\d.]*(?:e[-+]?\\d+)?)$`,
);

/**
 * Every line is understood; each metric has its HELP, its TYPE and its samples together and once; a
 * counter is called _total and is not negative; no two samples have the same labels.
 */
export function readMetrics(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has an end');
  const families = new Map<string, Family & { samples: Map<string, number> }>();
  let current = '';
  let help: string | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, what = '', name = '', rest = ''] =
      new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? [];
    if (what === 'HELP') {
      assert.ok(!families.has(name), `${name} comes twice`);
      [current, help] = [name, rest];
      continue;
    }
    if (what === 'TYPE') {
      assert.equal(name, current, 'HELP and TYPE stand together');
      assert.match(rest, /^(counter|gauge)$/);
      assert.equal(rest === 'counter', name.endsWith('_total'), `${name} is a ${rest}`);
      families.set(name, { type: rest, help: help ?? '', samples: new Map() });
      continue;
    }
    const { groups } = sample.exec(line) ?? assert.fail(`no line of metrics: ${line}`);
    assert.equal(groups?.['name'], current, `${line} stands with another metric`);
    const family = families.get(current) ?? assert.fail(`${current} has no TYPE`);
    const labels = groups?.['labels'] ?? '';
    assert.ok(!family.samples.has(labels), `${line} comes twice`);
    const value = Number(groups?.['value']);
    assert.ok(Number.isFinite(value) && (family.type !== 'counter' || value >= 0), line);
    family.samples.set(labels, value);
  }
  return families;
}

/** The sum of the samples whose labels have all of these. */
export function sumOf(
  metrics: ReadonlyMap<string, Family>,
  name: string,
  ...labels: readonly string[]
): number {
  const family = metrics.get(name) ?? assert.fail(`there is no ${name}`);
  return [...family.samples]
    .filter(([of]) => labels.every((label) => of.includes(label)))
    .reduce((sum, [, value]) => sum + value, 0);
}
