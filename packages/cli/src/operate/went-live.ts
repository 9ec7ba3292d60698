/** What going from test to live did, in words. */
import type { WentLive } from '@postrider/core';
import { count } from '@postrider/runner/process';
import { asArgument } from '../output/as-command.ts';

export function wentLive(name: string, went: WentLive): string {
  const held = went.status === 'paused';
  return (
    `${name} is ${held ? 'held still, and then ' : ''}live: ` +
    `${count(went.voided, 'test card was', 'test cards were')} put aside, ` +
    `${count(went.begunAgain, 'person begins', 'people begin')} again, ` +
    `${count(went.turnedAway, 'person was', 'people were')} turned away` +
    (held ? `. It goes on with: postrider release campaign ${asArgument(name)}` : '')
  );
}
