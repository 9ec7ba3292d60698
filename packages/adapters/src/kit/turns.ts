/**
 * Several of a list are done at the same time, and each answer stands where it was asked for. Where
 * one throws nothing else is begun; it is thrown when all that was begun has ended, since nobody
 * would hear of the others.
 */
export async function severalAtOnce<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  answer: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  // One iterator, from which each takes the next.
  const rest = items.entries();
  let isOver = false;
  const takeTurns = async (): Promise<void> => {
    for (const [index, item] of rest) {
      if (isOver) return;
      answers[index] = await answer(item);
    }
  };
  const turns = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    try {
      await takeTurns();
    } finally {
      isOver = true;
    }
  });
  const failed = (await Promise.allSettled(turns)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return answers;
}
