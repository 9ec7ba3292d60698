/**
 * Runners that share a folder keep what each of them knows, and what those knew that have ended.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreWatermarkFolder } from '../../../packages/core/src/runtime/restore-watermark-store.ts';
import { RestoreWatermark } from '../../../packages/core/src/runtime/restore-watermark.ts';
import { began, installation, logger, remember, told, witness } from './runner-memory.ts';

function remembering(path: string): RestoreWatermark {
  return remember(restoreWatermarkFolder(path));
}

async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-watermark-'));
  try {
    await work(join(folder, 'made', 'by', 'the', 'first'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function files(path: string): readonly string[] {
  return readdirSync(path).toSorted();
}
function textIn(path: string): string {
  return files(path)
    .map((name) => readFileSync(join(path, name), 'utf8'))
    .join('');
}

/** A day ago. */
function age(path: string, name: string): void {
  return utimesSync(join(path, name), Date.now() / 1000 - 86_400, Date.now() / 1000 - 86_400);
}

void test('of two that write at once each finds there what it has kept', async () => {
  await inFolder(async (path) => {
    const [one, other] = [remembering(path), remembering(path)];
    await Promise.all([one.load(), other.load()]);
    for (let round = 0; round < 50; round += 1) {
      const [first, second] = [witness(), witness()];
      one.observe(told, began(one, first));
      other.observe(told, began(other, second));
      await Promise.all([one.saved(), other.saved()]);
      const text = textIn(path);
      for (const { mailpieceId } of [first, second])
        assert.ok(text.includes(mailpieceId), `round ${round}: its card is posted by now`);
      await Promise.all([one.refresh(), other.refresh()]);
      for (const by of [one, other])
        assert.ok(
          by.marks[installation]?.witnesses.some(
            ({ mailpieceId }) => mailpieceId === first.mailpieceId,
          ),
          `round ${round}: heard`,
        );
    }
    assert.equal(files(path).length, 2);
  });
});

void test('what a runner knew that has ended is remembered, though its file goes when it is old', async () => {
  await inFolder(async (path) => {
    const ended = remembering(path);
    await ended.load();
    const last = witness();
    ended.observe(told, began(ended, last));
    await ended.saved();
    const [file = ''] = files(path);
    await remembering(path).load();
    assert.equal(files(path).length, 2, 'a runner that wrote just now may be at work');
    writeFileSync(join(path, 'killed.draft'), '{"');
    for (const name of [file, 'killed.draft']) age(path, name);
    const next = remembering(path);
    await next.load();
    assert.ok(!existsSync(join(path, file)));
    assert.deepEqual(
      files(path).map((name) => name.endsWith('.json')),
      [true, true],
    );
    assert.deepEqual(next.marks[installation]?.witnesses, [last]);
    // Of the third no file tells but the second's.
    for (const name of files(path)) age(path, name);
    const third = remembering(path);
    await third.load();
    assert.equal(files(path).length, 1);
    assert.deepEqual(third.marks[installation]?.witnesses, [last]);
  });
});

void test('a file that its runner has written anew since it was read is not removed', async () => {
  await inFolder(async (path) => {
    const store = restoreWatermarkFolder(path);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'idle.json'), '{}');
    const runnerId = randomUUID();
    assert.deepEqual(await store.read(runnerId), ['{}']);
    writeFileSync(join(path, 'idle.json'), '{ }');
    age(path, 'idle.json');
    await store.write(runnerId, '{"a":1}');
    assert.deepEqual((await store.read(runnerId)).toSorted(), ['{ }', '{"a":1}'].toSorted());
  });
});

void test('a folder that was removed meanwhile is made again, and holds what was known', async () => {
  await inFolder(async (path) => {
    const one = remembering(path);
    await one.load();
    rmSync(path, { recursive: true });
    await one.refresh();
    const last = witness();
    one.observe(told, began(one, last));
    await one.saved();
    assert.ok(textIn(path).includes(last.mailpieceId));
  });
});

void test('the word of a server that another has taken over from is not remembered', () => {
  const one = new RestoreWatermark({
    runnerId: randomUUID(),
    store: 'not kept',
    logger,
    onRestore: () => undefined,
  });
  const begun = witness();
  one.observe({ ...told, timeline: 2 }, began(one, begun));
  one.observe({ ...told, timeline: 1, noticed: 'another server has taken over', superseded: true });
  assert.equal(one.marks[installation]?.timeline, 2);
  assert.equal(one.marks[installation]?.witnesses[0]?.mailpieceId, begun.mailpieceId);
});

void test('what no runner has written stays in the folder as it is', async () => {
  await inFolder(async (path) => {
    // As the top of a disk of its own has one, and as a repository, a share or a desktop leave
    // them.
    mkdirSync(join(path, 'lost+found'), { recursive: true });
    for (const name of ['.gitkeep', 'README']) writeFileSync(join(path, name), '');
    for (const name of files(path)) age(path, name);
    await remembering(path).load();
    await remembering(path).load();
    assert.deepEqual(
      files(path).filter((name) => !name.endsWith('.json')),
      ['.gitkeep', 'README', 'lost+found'],
    );
    assert.equal(files(path).length, 5);
  });
});

void test('a draft that was left is never read, also by who starts while it is removed', async () => {
  await inFolder(async (path) => {
    mkdirSync(path, { recursive: true });
    const named = new Set<string>();
    let looking = true;
    const look = (): void => {
      if (!looking) return;
      for (const name of files(path)) named.add(name);
      setImmediate(look);
    };
    look();
    for (let round = 0; round < 10; round += 1) {
      writeFileSync(join(path, 'killed.draft'), '{"');
      age(path, 'killed.draft');
      await remembering(path).load();
    }
    looking = false;
    // Those of the ten.
    assert.equal([...named].filter((name) => name.endsWith('.json')).length, files(path).length);
    assert.equal(files(path).length, 10);
  });
});

void test('what cannot be read is named, and a link to nowhere is not read for ever', async () => {
  for (const spoil of [
    (file: string) => writeFileSync(file, ''),
    (file: string) => mkdirSync(file),
    (file: string) => symlinkSync('nowhere', file),
  ])
    await inFolder(async (path) => {
      mkdirSync(path, { recursive: true });
      const file = join(path, 'spoiled.json');
      spoil(file);
      await assert.rejects(remembering(path).load(), ({ message }: Error) =>
        message.includes(file),
      );
    });
});

void test('what a runner knew of a database stays known while another one is at its address', async () => {
  await inFolder(async (path) => {
    const one = remembering(path);
    await one.load();
    const begun = witness();
    one.observe(told, began(one, begun));
    await one.saved();
    // Made anew, for the backup that is put back then.
    one.observe({ ...told, installation: randomUUID() });
    await one.saved();
    assert.ok(textIn(path).includes(begun.mailpieceId));
    one.observe(told);
    await one.refresh();
    assert.deepEqual(one.marks[installation]?.witnesses, [begun]);
  });
});

void test('two pipelines with one store remove only what the one that starts has read itself', async () => {
  await inFolder(async (path) => {
    const store = restoreWatermarkFolder(path);
    const made = (): RestoreWatermark =>
      new RestoreWatermark({ runnerId: randomUUID(), store, logger, onRestore: () => undefined });
    const runs = made();
    await runs.load();
    const other = remembering(path);
    await other.load();
    const starting: { write?: () => void } = {};
    const slow: typeof store = {
      read: async (runnerId) => {
        const texts = await store.read(runnerId);
        await new Promise<void>((resolve) => (starting.write = resolve));
        return texts;
      },
      write: store.write,
    };
    const starts = new RestoreWatermark({
      runnerId: randomUUID(),
      store: slow,
      logger,
      onRestore: () => undefined,
    });
    const loaded = starts.load();
    while (starting.write === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    const begun = witness();
    other.observe(told, began(other, begun));
    await other.saved();
    // The clock of the machine is put right, by more than an hour.
    for (const file of files(path)) age(path, file);
    await runs.refresh();
    starting.write();
    await loaded;
    assert.ok(textIn(path).includes(begun.mailpieceId), 'its card is posted by now');
  });
});
