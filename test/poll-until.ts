/** Asks until the answer is true (or no longer undefined), and gives it back. */
export async function pollUntil<T>(ask: () => T | Promise<T>, timeoutMs = 20_000): Promise<NonNullable<T>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined && answer !== null) return answer;
    if (performance.now() > giveUpAt)
      throw new Error(`still not so after ${timeoutMs} ms: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
