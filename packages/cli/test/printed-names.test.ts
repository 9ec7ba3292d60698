/** What a launch says of names and letters that a printer does not print as they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaunchPreview } from '@postrider/core';
import { namesOf, otherwiseOf } from '../src/operate/printed-names.ts';

function named(names: LaunchPreview['names']): LaunchPreview {
  return { names } as unknown as LaunchPreview;
}

void test('names that are shortened are counted, with examples', () => {
  const examples = [{ name: 'Anna Maria von Habsburg', printed: 'Anna von Habsburg' }];
  assert.deepEqual(namesOf(named({ longest: 20, shortened: 1, examples })), [
    [
      'names',
      '1 is shortened to the 20 letters that the printer prints: ' +
        '"Anna Maria von Habsburg" as "Anna von Habsburg"',
    ],
  ]);
  assert.deepEqual(namesOf(named({ longest: 20, shortened: 0, examples: [] })), []);
  assert.deepEqual(namesOf(named(null)), []);
});

void test('letters that the printer folds are shown', () => {
  assert.deepEqual(otherwiseOf([{ text: 'Zoë Núñez', printed: 'Zoe Nunez' }]), [
    ['printed otherwise', 'by the printer: "Zoë Núñez" as "Zoe Nunez"'],
  ]);
  assert.deepEqual(otherwiseOf([]), []);
});
