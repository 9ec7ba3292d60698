/**
 * Named places where the shop's own tests kill it. The protocol of ledger, PDF and manifest is only
 * worth something if a power cut between any two of its steps is survived, and random kills hit the
 * narrow ones too rarely.
 *
 * `PRINT_SHOP_CRASH_AT=<place>` kills at the first passage, `<place>:3` at the third.
 */
export type CrashPlace =
  | 'mid-append'
  | 'before-sync'
  | 'after-accept'
  | 'before-plan'
  | 'after-plan'
  | 'mid-pdf'
  | 'after-pdf'
  | 'after-part'
  | 'after-printed'
  | 'after-manifest'
  | 'after-webhook';

const [wanted, ordinal] = (process.env['PRINT_SHOP_CRASH_AT'] ?? '').split(':');
let passages = Number(ordinal ?? 1);

/** True when the process is about to be killed here: the caller may first do half of its step. */
export function crashesAt(place: CrashPlace): boolean {
  if (place !== wanted) return false;
  passages -= 1;
  return passages === 0;
}

/** SIGKILL, so that nothing gets to tidy up. */
export function crash(): void {
  process.kill(process.pid, 'SIGKILL');
}

export function crashPoint(place: CrashPlace): void {
  if (crashesAt(place)) crash();
}
