/** Waiting with an end: work that is not done by then is left behind. */

/** Rejects as soon as the signal aborts, whatever becomes of the work. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Resolves when the work is over, however it ends, or after so many milliseconds. Its timer keeps a
 * process alive that has nothing else left.
 */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  await unlessAborted(work, late.signal).catch(() => undefined);
  clearTimeout(timer);
}
