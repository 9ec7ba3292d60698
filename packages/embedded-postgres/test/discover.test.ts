import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { configuredUrl, databaseUrl, redactUrl } from '../src/index.ts';
import { application, makeProject } from './project.ts';

describe('which database', () => {
  const dir = mkdtempSync(join(tmpdir(), 'acme-discover-'));
  after(() => rmSync(dir, { recursive: true }));
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };

  it('is the one DATABASE_URL names, before a file', async () => {
    const env = { DATABASE_URL: ' postgres://me@host/db\n', DATABASE_URL_FILE: '/nonexistent' };
    assert.deepEqual(await databaseUrl({ env, projectDir: dir, application }), {
      url: 'postgres://me@host/db',
      source: 'DATABASE_URL',
      server: null,
    });
  });

  it('or the one in DATABASE_URL_FILE', () => {
    const env = {
      DATABASE_URL: '',
      DATABASE_URL_FILE: file('good', 'postgres://me:secret@host/db\n'),
    };
    assert.deepEqual(configuredUrl(env), {
      url: 'postgres://me:secret@host/db',
      source: 'DATABASE_URL_FILE',
    });
  });

  it('and a file that cannot be used is an error, never a reason to take another database', () => {
    for (const path of [
      join(dir, 'missing'),
      join(file('in the way', ''), 'missing'),
      dir,
      file('empty', '\n'),
      file('many', 'postgres://a\npostgres://b\n'),
      file('other', 'mysql://a/b\n'),
    ])
      assert.throws(() => configuredUrl({ DATABASE_URL_FILE: path }), {
        name: 'ServerError',
        code: 'configuration',
      });
  });

  it('and a variable that is empty is none: no second, empty database is made for it', () => {
    for (const env of [
      { DATABASE_URL: '' },
      { DATABASE_URL: ' \n' },
      { DATABASE_URL_FILE: '' },
      { DATABASE_URL: '', DATABASE_URL_FILE: '' },
    ])
      assert.throws(() => configuredUrl(env), {
        name: 'ServerError',
        code: 'configuration',
        message: /is empty/,
      });
  });

  it('else the project’s embedded server', async () => {
    const project = makeProject();
    try {
      const place = { projectDir: project.dir, application };
      const { url, source, server } = await databaseUrl({ ...place, env: {} });
      assert.equal(source, 'embedded');
      assert.equal(server?.url, url);
      assert.equal(server?.started, true);
    } finally {
      await project.remove();
    }
  });
});

describe('redactUrl', () => {
  const hidden: ReadonlyArray<readonly [string, string]> = [
    ['postgres://me:hunter2@host:5432/db', 'postgres://me:***@host:5432/db'],
    [
      'postgres://me:hunter2@h1:5432,h2:5432/db?sslmode=require',
      'postgres://me:***@h1:5432,h2:5432/db?sslmode=require',
    ],
    ['postgresql://me:hunt%40er/2@2@host/db', 'postgresql://me:***@host/db'],
    ['postgres://:hunter2@host', 'postgres://:***@host'],
    [
      'postgres://host/db?user=me&password=hunter2&x=1',
      'postgres://host/db?user=me&password=***&x=1',
    ],
    ["host=h password='hunter 2' dbname=d", 'host=h password=*** dbname=d'],
    ['pgsql:host=h;password=hunter2', 'pgsql:host=h;password=***'],
    ['postgres://me@srv:hunter2@srv.host/db', 'postgres://me@srv:***@srv.host/db'],
    ['postgres://me@host:5432/db', 'postgres://me@host:5432/db'],
    ['password = hunter2 host=h', 'password=*** host=h'],
    ['postgres://me@host/db', 'postgres://me@host/db'],
    [
      'postgres://me@host/db?application_name=a@b:c',
      'postgres://me@host/db?application_name=a@b:c',
    ],
    ['not a url', 'not a url'],
    ['', ''],
  ];
  for (const [url, shown] of hidden)
    it(`shows ${shown || 'nothing'}`, () => assert.equal(redactUrl(url), shown));
});
