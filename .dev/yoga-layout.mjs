// Stands for ink's yoga-layout in a CommonJS bundle, which can't wait while it loads: whoever starts awaits `ready`.
import { loadYoga } from 'yoga-layout/load';

export * from 'yoga-layout/load';

let yoga;
export { yoga as default };

// The layout engine asks whether there is a `fetch`, and the mere question loads all of Node's HTTP client.
const own = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
Object.defineProperty(globalThis, 'fetch', { value: undefined, configurable: true });
export const ready = loadYoga()
  .then((loaded) => {
    yoga = loaded;
  })
  .finally(() => Object.defineProperty(globalThis, 'fetch', own));
