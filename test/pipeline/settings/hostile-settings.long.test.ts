/**
 * Each hostile setting by itself, as default of the database and of the role: together they may
 * hide one another.
 */
import { test } from 'node:test';
import { freshMachine } from '../../support/machine.ts';
import { hostile, impose, known, mailThrough } from './hostile-settings.ts';

for (const setting of hostile) {
  void test(`a mailing goes its way with ${setting.name} = ${setting.value}`, async () => {
    for (const on of ['database', 'role'] as const) {
      await using machine = await freshMachine();
      await impose(machine.database, await known(machine.database, [setting]), on);
      await mailThrough(machine.sql);
    }
  });
}
