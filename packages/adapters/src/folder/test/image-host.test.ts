import assert from 'node:assert/strict';
import { access, chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { contractContext, describeImageHostContract } from '@postrider/core/contract';
import type { ImageHost, PutResult, RenderedDocument } from '@postrider/core/ports';
import { createNoopImageHost } from '../../noop/index.ts';
import { createFolderImageHost } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';

function document(name: string, text = 'bytes'): RenderedDocument {
  return { name, contentType: 'application/pdf', bytes: Buffer.from(text) };
}

describeImageHostContract(
  'folder',
  async () => ({
    host: createFolderImageHost({}, wiringAt(await temporaryFolder())),
    read: (url) => readFile(fileURLToPath(url)).catch(() => null),
    close: async () => undefined,
  }),
  ['keeps-bytes'],
);

describeImageHostContract('noop', async () => ({
  host: createNoopImageHost(),
  close: async () => undefined,
}));

describe('Folder image host', () => {
  const put = async (
    host: ImageHost,
    ...documents: RenderedDocument[]
  ): Promise<readonly PutResult[]> => host.put(documents, contractContext());
  const pathOf = (result: PutResult | undefined): string => {
    assert.equal(result?.outcome, 'stored');
    return result?.outcome === 'stored' ? fileURLToPath(result.url) : '';
  };

  it('keeps every name inside its folder, in sub-folders by prefix', async () => {
    const folder = await temporaryFolder();
    const host = createFolderImageHost({ path: 'proofs' }, wiringAt(folder));
    const names = [
      'abc.pdf',
      '../../etc/passwd',
      '/abs.pdf',
      '..',
      '',
      '.hidden',
      'a/b\\c?.pdf',
      'é—ö.pdf',
      `${'x'.repeat(300)}.pdf`,
      'CON',
      'a\0b.pdf',
    ];
    const results = await put(host, ...names.map((name) => document(name, name)));
    const paths = results.map(pathOf);
    assert.equal(new Set(paths).size, names.length);
    for (const [index, path] of paths.entries()) {
      assert.match(
        path.slice(folder.length),
        /^\/proofs\/[a-z0-9_-]{2}\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/,
        names[index],
      );
      assert.equal(await readFile(path, 'utf8'), names[index]);
    }
    assert.equal(paths[0], join(folder, 'proofs', 'ab', 'abc.pdf'));
  });

  it('leaves no temporary files behind', async () => {
    const folder = await temporaryFolder();
    await put(
      createFolderImageHost({ path: '.' }, wiringAt(folder)),
      document('one.pdf'),
      document('one.pdf', 'other'),
      document('two.pdf'),
    );
    assert.equal(
      (await readdir(folder, { recursive: true })).filter((name) => name.includes('.tmp')).length,
      0,
    );
  });

  it('removes nothing outside its folder', async () => {
    const folder = await temporaryFolder();
    const host = createFolderImageHost({ path: 'proofs' }, wiringAt(folder));
    const outside = join(folder, 'precious.txt');
    await writeFile(outside, 'x');
    await mkdir(join(folder, 'proofs'));
    const urls = [
      pathToFileURL(outside).href,
      pathToFileURL(join(folder, 'proofs')).href,
      `${pathToFileURL(join(folder, 'proofs')).href}/%2e%2e/precious.txt`,
      'https://example.com/x',
      'no url',
    ];
    const results = (await host.remove?.(urls, contractContext())) ?? [];
    assert.equal(results.length, urls.length);
    assert.ok(results.every(({ outcome }) => outcome === 'failed'));
    await access(outside);
    await access(join(folder, 'proofs'));
  });

  it('says what is wrong where it cannot write', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), 'a file, not a folder');
    const [result] = await put(
      createFolderImageHost({ path: 'file' }, wiringAt(folder)),
      document('a.pdf'),
    );
    assert.equal(result?.outcome, 'failed');
    if (result?.outcome === 'failed')
      assert.match(
        result.message,
        /file\/a_\/a\.pdf cannot be written \((ENOTDIR|EEXIST)\).*not stored/s,
      );
    if (process.getuid?.() === 0) return;
    await mkdir(join(folder, 'locked'), { mode: 0o500 });
    const [locked] = await put(
      createFolderImageHost({ path: 'locked' }, wiringAt(folder)),
      document('a.pdf'),
    );
    assert.equal(locked?.outcome, 'failed');
    await chmod(join(folder, 'locked'), 0o700);
  });
});
