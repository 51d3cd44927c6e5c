const atOnce = 8;

/** Does it for all, eight at a time; the answers in the order of the questions. */
export async function inTurns<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = [];
  const waiting = all.entries();
  const work = async (): Promise<void> => {
    for (const [at, one] of waiting) answers[at] = await act(one);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}
