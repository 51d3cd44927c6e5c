type Allocate = (size: number, ...more: never[]) => Buffer;
const names = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const;

/** Watches how much memory is asked for at once: a size that a stranger claims must not be believed. */
export function largestAllocation(): { take(): number; stop(): void } {
  let largest = 0;
  const originals = names.map((name) => [name, Reflect.get(Buffer, name) as Allocate] as const);
  for (const [name, original] of originals) {
    Reflect.set(Buffer, name, (size: number, ...more: never[]) => {
      largest = Math.max(largest, size);
      return original(size, ...more);
    });
  }
  return {
    take: () => {
      const taken = largest;
      largest = 0;
      return taken;
    },
    stop: () => {
      for (const [name, original] of originals) Reflect.set(Buffer, name, original);
    },
  };
}
