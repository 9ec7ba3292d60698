/** Waits so many milliseconds. */
export async function pause(ms: number): Promise<void> {
  return await new Promise((resolve) => setTimeout(resolve, ms));
}
