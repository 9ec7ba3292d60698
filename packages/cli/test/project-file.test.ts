import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { testDatabase, type TestDatabase } from '../../../test/support/server.ts';
import { cli, projectHome, type CliPlace } from './cli.ts';

describe('the project directory and its file', () => {
  let home: ReturnType<typeof projectHome>;
  let database: TestDatabase;
  let place: CliPlace;
  before(async () => {
    home = projectHome();
    database = await testDatabase();
    place = { url: database.url, home: home.path };
  });
  after(async () => {
    await database.drop();
    home.remove();
  });

  it('refuses a broken postrider.yaml in every command, also where it needs no setting of it', async () => {
    const file = join(home.path, 'postrider.yaml');
    writeFileSync(file, 'http: [');
    try {
      for (const args of [['status'], ['sql', 'select 1'], ['migrate'], ['trace', 'x'], ['psql']]) {
        const refused = await cli(place, args);
        assert.equal(refused.code, 78, `${args.join(' ')}: ${refused.stderr}`);
        assert.match(refused.stderr, /postrider\.yaml/);
      }
    } finally {
      rmSync(file);
    }
  });

  it('names the line of a project file that is wrong', async () => {
    const bad = projectHome();
    try {
      mkdirSync(bad.path, { recursive: true });
      writeFileSync(
        join(bad.path, 'postrider.yaml'),
        'http:\n  host: 127.0.0.1\n  prot: 80\nrunner:\n  mail_slots: many\n',
      );
      const run = await cli({ ...place, home: bad.path }, ['sql', 'select 1']);
      assert.equal(run.code, 78, run.stderr);
      assert.match(
        run.stderr,
        /postrider\.yaml:3:3: http\.prot: there is no such field; did you mean port\?/,
      );
      assert.match(
        run.stderr,
        /postrider\.yaml:5:3: runner\.mail_slots: must be a number, not "many"/,
      );
      const env = await cli({ ...place, env: { POSTRIDER_PORT: 'seventeen' } }, [
        'sql',
        'select 1',
      ]);
      assert.equal(env.code, 78, env.stderr);
      assert.match(env.stderr, /POSTRIDER_PORT/);
    } finally {
      bad.remove();
    }
  });

  it('says where a file is in the way of a directory', async () => {
    const file = join(home.path, 'a-file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      const run = await cli({ ...place, env: { POSTRIDER_HOME: path } }, ['sql', 'select 1']);
      assert.equal(run.code, 73, run.stderr);
      assert.match(run.stderr, /a-file.*: a file is in the way/);
    }
  });
});
