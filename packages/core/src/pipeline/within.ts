/** Resolves when the work is over, however it ends, or after so many milliseconds: true where it was over in time. */
export const within = async (ms: number, work: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const over = work.then(
    () => true,
    () => true,
  );
  return await Promise.race([over, late]).finally(() => clearTimeout(timer));
};
