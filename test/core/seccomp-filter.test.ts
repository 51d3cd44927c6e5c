import { describe, expect, it } from 'vitest';
import { ioUringDenyingFilter } from '../../src/core/seccomp-filter.js';

const allow = 0x7fff0000;
const noSuchCall = 0x00050000 | 38;
const [x64, arm64] = [0xc000003e, 0xc00000b7];

/** Runs the few instructions of classic BPF that the filter is made of, as the kernel would. */
function run(filter: Uint8Array, arch: number, call: number): number {
  const view = new DataView(filter.buffer);
  let accumulator = 0;
  for (let pc = 0; pc * 8 < filter.length; pc++) {
    const code = view.getUint16(pc * 8, true);
    const k = view.getUint32(pc * 8 + 4, true);
    if (code === 0x06) return k;
    if (code === 0x20) accumulator = k === 0 ? call : k === 4 ? arch : NaN;
    else if (code === 0x15) pc += view.getUint8(pc * 8 + (accumulator === k ? 2 : 3));
    else throw new Error(`instruction ${code} is not known`);
  }
  throw new Error('it runs off its end');
}

describe('the io_uring filter', () => {
  it.each([
    ['x64', x64],
    ['arm64', arm64],
  ])('of %s lets io_uring_setup look unknown and everything else pass', (name, arch) => {
    const filter = ioUringDenyingFilter(name)!;
    expect(run(filter, arch, 425)).toBe(noSuchCall);
    for (const call of [0, 1, 59, 424, 426, 427, 435, 0x40000000 + 425])
      expect(run(filter, arch, call)).toBe(allow);
  });

  it('lets calls of other architectures alone, whose numbers mean something else', () => {
    expect(run(ioUringDenyingFilter('x64')!, arm64, 425)).toBe(allow);
    expect(run(ioUringDenyingFilter('arm64')!, x64, 425)).toBe(allow);
  });

  it('is not made for processors whose numbers are not known', () => {
    expect(ioUringDenyingFilter('riscv64')).toBeNull();
  });
});
