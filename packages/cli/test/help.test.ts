import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { exitCodeMeanings } from '../src/errors/exit-code-meanings.ts';
import { benchmarks, entry } from '../../../test/support/hosted.ts';
import { buildProgram } from '../src/program/program.ts';
import { cli, projectHome, type CliPlace } from './cli.ts';

describe('the command line', () => {
  let home: ReturnType<typeof projectHome>;
  let place: CliPlace;
  before(() => {
    home = projectHome();
    place = { url: 'postgres://nobody@127.0.0.1:1/none', home: home.path };
  });
  after(() => home.remove());

  it('explains itself on stdout when asked, with examples before everything else, and documents its exit codes', async () => {
    const run = await cli(place, ['--help']);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.stderr, '');
    assert.ok(run.stdout.indexOf('Examples') < run.stdout.indexOf('Usage'));
    assert.match(run.stdout, /75 busy: try again later/);
    assert.match(run.stdout, /130 interrupted/);
    assert.ok(!run.stdout.includes('\u001b['), 'no colour without a terminal');
  });

  it('takes help as a word too', async () => {
    const [word, option] = [
      await cli(place, ['help', 'campaign', 'apply']),
      await cli(place, ['campaign', 'apply', '--help']),
    ];
    assert.deepEqual([word.code, word.stdout], [0, option.stdout]);
    assert.equal((await cli(place, ['help'])).code, 0);
    assert.equal((await cli(place, ['-v', 'help', 'campaign'])).code, 0);
    assert.equal((await cli(place, ['help', 'nonsense'])).code, 2);
    const run = await cli(place, ['help', 'sync', 'x']);
    assert.deepEqual([run.code, run.stdout], [2, ''], 'nothing is run');
  });

  it('has help for every command, each with an example, and every command is in the overview', async () => {
    const program = buildProgram('0.0.0', { entry, benchmarks });
    const overview = program.commands().find(({ name }) => name === '')?.help ?? '';
    for (const { name, help } of program.commands()) {
      assert.match(help, /^Examples\n {2}postrider /m, name);
      if (/^[a-z-]+$/.test(name)) assert.match(overview, new RegExp(`^ {2}${name} {2,}\\S`, 'm'));
    }
    const one = await cli(place, ['campaign', 'apply', '--help']);
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /^Makes a campaign of a file/);
  });

  it('is described in docs/reference/cli.md, every command and every option', async () => {
    const text = readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8');
    const program = buildProgram('0.0.0', { entry, benchmarks });
    for (const { name, options } of program.commands()) {
      if (name === '') continue;
      assert.ok(
        text.includes(`\`postrider ${name}`),
        `docs/reference/cli.md does not tell of postrider ${name}`,
      );
      for (const option of options)
        assert.ok(
          text.includes(option),
          `docs/reference/cli.md does not tell of ${option} (${name})`,
        );
    }
    for (const [code] of exitCodeMeanings) assert.match(text, new RegExp(`\\| ${code} \\|`));
  });

  it('exits 2 on wrong usage, says what was meant, and keeps stdout clean', async () => {
    const cases: [string[], RegExp][] = [
      [[], /Usage/],
      [['stats'], /Did you mean status\?[\s\S]*postrider --help/],
      [['launch', 'x'], /unknown command 'launch'\n\(Did you mean campaign launch\?\)/],
      [['-v', 'launch', 'x'], /\(Did you mean campaign launch\?\)/],
      [['stats', '--help'], /Did you mean status\?/],
      [['start'], /Did you mean .*print-shop start/],
      [['trace', ' '], /whom/],
      [['why', ''], /whom/],
      [['campaign', 'aply'], /Did you mean apply\?/],
      [['db', 'stat'], /\(Did you mean status\?\)/],
      [['db', 'st'], /unknown command 'st'/],
      [['campaign'], /Usage/],
      [['sync'], /missing required argument 'campaign'[\s\S]*postrider sync --help/],
      [['-q', 'sync'], /postrider sync --help/],
      [['sync', 'a', 'b'], /too many arguments/],
      [['sync', 'a', '--limt', '3'], /Did you mean --limit\?/],
      [['sync', 'a', '--limit', '0'], /whole number from 1 on/],
      [['reconcile', '--since', 'yesterday-ish'], /must be a time/],
      [['campaign', 'end', 'x'], /--as/],
      [['campaign', 'end', 'x', '--as', 'dead'], /completed, archived/],
      [['resolve', 'x', 'maybe'], /printed or not_printed.*\nnothing was changed/],
      [['resolve', 'x', 'printed'], /not the id.*\n.*stuck.*nothing was changed/],
      [
        ['resolve', '00000000-0000-7000-8000-000000000000', 'printed'],
        /--evidence.*\nnothing was changed/,
      ],
      [['demo', '--rows', '10', '--all'], /--rows and --all/],
      [['bench', 'machine', '--people', '1000'], /--people/],
      [['retry'], /say who/],
      [['suppress'], /say whom/],
    ];
    for (const [args, message] of cases) {
      const run = await cli(place, args);
      assert.equal(run.code, 2, `${args.join(' ')}: ${run.stderr}`);
      assert.equal(run.stdout, '', args.join(' '));
      assert.match(run.stderr, message, args.join(' '));
    }
  });

  it('tells an error as JSON on stderr with --json', async () => {
    const run = await cli(place, ['status', '--json']);
    assert.equal(run.code, 69);
    const { error } = JSON.parse(run.stderr) as {
      error: { code: string; exitCode: number; message: string };
    };
    assert.equal(error.exitCode, 69);
    assert.equal(error.code, 'ECONNREFUSED');
    for (const args of [['retry'], ['hold'], ['campaign'], ['campaign', 'launhc'], ['nothing']]) {
      const none = await cli(place, [...args, '--json']);
      assert.equal(none.code, 2);
      const told = (JSON.parse(none.stderr) as { error: Record<string, unknown> }).error;
      assert.deepEqual([told['code'], told['exitCode']], ['usage', 2]);
      assert.match(String(told['hint']), args[0] === 'retry' ? /./ : /^see postrider .*--help$/);
      assert.deepEqual(told['detail'], {});
    }
  });

  it('knows its version', async () => {
    const run = await cli(place, ['--version']);
    assert.equal(run.code, 0);
    assert.match(run.stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
