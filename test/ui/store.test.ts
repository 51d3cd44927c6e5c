import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { initialState } from '../../src/ui/monitor-state.js';
import { createStore } from '../../src/ui/store.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const store = createStore(initialState({ columns: 80, rows: 24 }), () => Date.now());
  const drawn: string[] = [];
  store.subscribe(() => drawn.push(store.get().view));
  return { store, drawn };
}

describe('drawing', () => {
  test('the first change is drawn at once, later ones together after the gap', () => {
    const { store, drawn } = open();
    store.update((state) => ({ ...state, view: 'util' }), 250);
    store.update((state) => ({ ...state, view: 'speed' }), 250);
    store.update((state) => ({ ...state, view: 'memory' }), 250);
    expect(drawn).toEqual(['util']);
    expect(store.latest().view).toBe('memory');
    vi.advanceTimersByTime(250);
    expect(drawn).toEqual(['util', 'memory']);
  });
  test('a key does not wait for the gap of the news', () => {
    const { store, drawn } = open();
    store.update((state) => ({ ...state, view: 'util' }), 250);
    store.update((state) => ({ ...state, view: 'speed' }), 250);
    store.update((state) => ({ ...state, view: 'memory' }), 30);
    vi.advanceTimersByTime(30);
    expect(drawn).toEqual(['util', 'memory']);
    vi.advanceTimersByTime(1000);
    expect(drawn).toHaveLength(2);
  });
  test('a hundred snapshots in a second are drawn at most five times', () => {
    const { store, drawn } = open();
    for (let i = 0; i < 100; i++) {
      store.update((state) => ({ ...state, firstNode: i + 2 }), 250);
      vi.advanceTimersByTime(10);
    }
    expect(drawn.length).toBeLessThanOrEqual(5);
  });
  test('nothing is drawn when nothing changed, or after the end', () => {
    const { store, drawn } = open();
    store.update((state) => state, 30);
    store.update((state) => ({ ...state, view: 'util' }), 30);
    store.update((state) => ({ ...state, view: 'load' }), 30);
    store.close();
    vi.advanceTimersByTime(1000);
    expect(drawn).toEqual(['util']);
  });
});
