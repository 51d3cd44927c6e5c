import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StdinRelay } from '../../../src/daemon/home/stdin-relay.js';

/** The node's end: a file that grows; a byte that comes twice lands once. */
class Node {
  bytes = Buffer.alloc(0);
  end: number | null = null;
  readonly data = (offset: number, bytes: Buffer): void => {
    expect(offset).toBeLessThanOrEqual(this.bytes.length);
    this.bytes = Buffer.concat([
      this.bytes,
      bytes.subarray(Math.min(bytes.length, this.bytes.length - offset)),
    ]);
  };
  readonly ends = (offset: number): void => {
    expect(this.bytes.length).toBe(offset);
    this.end = offset;
  };
}

const input = Buffer.from(Array.from({ length: 200 }, (_, i) => i));
const step = fc.oneof(
  fc.record({ kind: fc.constant('offer' as const), back: fc.nat(20), size: fc.nat(30) }),
  fc.record({ kind: fc.constant('connect' as const) }),
  fc.record({ kind: fc.constant('disconnect' as const) }),
  fc.record({ kind: fc.constant('took' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

describe('standard input on its way', () => {
  it('arrives once and in order, whatever the deputy repeats and however often the link breaks', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const relay = new StdinRelay();
        const node = new Node();
        let offered = 0;
        for (const one of steps) {
          if (one.kind === 'offer') {
            const from = Math.max(0, offered - one.back);
            const to = Math.min(input.length, from + one.size);
            relay.offer(from, input.subarray(from, to));
            offered = Math.max(offered, to);
          } else if (one.kind === 'connect') relay.connect(node.data, node.ends);
          else if (one.kind === 'disconnect') relay.disconnect();
          else relay.took(Math.floor(node.bytes.length * one.share));
        }
        relay.offer(offered, input.subarray(offered));
        relay.end(input.length);
        relay.connect(node.data, node.ends);
        expect([node.bytes.equals(input), node.end]).toEqual([true, input.length]);
      }),
    );
  });

  it('that skips bytes, ends early or does not wait is refused', () => {
    const relay = new StdinRelay();
    relay.offer(0, Buffer.from('abc'));
    expect(() => relay.offer(4, Buffer.from('e'))).toThrow('standard input skips from 3 to 4');
    expect(() => relay.end(4)).toThrow('ends before it is complete');
    expect(() => relay.offer(3, Buffer.alloc(16 * 1024 * 1024))).toThrow('comes without waiting');
  });

  it('goes on where the node has it, after a restart of mosd', () => {
    const relay = new StdinRelay();
    const sent: [number, string][] = [];
    relay.connect(
      (offset, bytes) => sent.push([offset, bytes.toString()]),
      () => undefined,
    );
    relay.offer(1000, Buffer.from('more'));
    expect(sent).toEqual([[1000, 'more']]);
  });

  it('tells a deputy at once how far it was taken, and again when that grows', () => {
    const relay = new StdinRelay();
    relay.offer(0, Buffer.from('abcdef'));
    relay.took(2);
    const told: number[] = [];
    const stop = relay.onTaken((offset) => told.push(offset));
    relay.took(4);
    relay.took(3);
    stop();
    relay.took(6);
    expect(told).toEqual([2, 4]);
  });
});
