/**
 * Named places where a twin's own tests kill it. A ledger is only worth something if a power cut
 * between any two of its steps is survived, and random kills hit the narrow ones too rarely.
 *
 * `TWIN_CRASH_AT=<place>` kills at the first passage, `<place>:3` at the third. Places of the kit:
 * `mid-append` and `before-sync` (ledger), `mid-<extension>` (a file), `after-webhook`.
 */
const [wanted, ordinal] = (process.env['TWIN_CRASH_AT'] ?? '').split(':');
let passages = Number(ordinal ?? 1);

/** True when the process is about to be killed here: the caller may first do half of its step. */
export function crashesAt(place: string): boolean {
  if (place !== wanted) return false;
  passages -= 1;
  return passages === 0;
}

/** SIGKILL, so that nothing gets to tidy up. */
export function crash(): void {
  process.kill(process.pid, 'SIGKILL');
}

export function crashPoint(place: string): void {
  if (crashesAt(place)) crash();
}
