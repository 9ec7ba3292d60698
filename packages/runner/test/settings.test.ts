/** Settings of a runner: the environment before postrider.yaml before the default. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { defaultSettings } from '@postrider/core';
import { loadSettings } from '../src/config/load-settings.ts';
import { defaults } from '../src/config/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'postrider-settings-'));

describe('Settings of a runner', () => {
  after(() => rmSync(folder, { recursive: true }));

  it('are what the library has, where nobody says otherwise', async () => {
    const settings = await loadSettings(folder, {});
    assert.deepEqual(settings, defaults);
    const { proofSlots, mailSlots, cohortSize, callsKeptDays } = defaultSettings;
    assert.deepEqual(
      [settings.proofSlots, settings.mailSlots, settings.cohortSize, settings.callsKeptDays],
      [proofSlots, mailSlots, cohortSize, callsKeptDays],
    );
  });

  it('come from the file, and before it from the environment', async () => {
    const file = 'runner:\n  calls_kept_days: 90\n  cohort_size: 20\nlog:\n  level: warn\n';
    writeFileSync(join(folder, 'postrider.yaml'), file);
    const env = { POSTRIDER_CALLS_KEPT_DAYS: '30', POSTRIDER_LOG_LEVEL: '' };
    assert.deepEqual(await loadSettings(folder, env), {
      ...defaults,
      callsKeptDays: 30,
      cohortSize: 20,
      logLevel: 'warn',
    });
  });

  it('are refused by name where they cannot be', async () => {
    await assert.rejects(
      loadSettings(folder, { POSTRIDER_CALLS_KEPT_DAYS: '0' }),
      /POSTRIDER_CALLS_KEPT_DAYS[\s\S]*at least 1/,
    );
  });
});
