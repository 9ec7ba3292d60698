/** Several of a list are done at the same time, and each answer stands where it was asked for. */
export async function severalAtOnce<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  answer: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  // One iterator, from which each takes the next.
  const rest = items.entries();
  const takeTurns = async (): Promise<void> => {
    for (const [index, item] of rest) answers[index] = await answer(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, takeTurns));
  return answers;
}
