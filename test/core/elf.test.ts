import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elfHeaderBytes, findBuildId, noteRanges, parseElfHeader } from '../../src/core/elf.js';

function buildIdOf(file: Buffer): string | null {
  const header = parseElfHeader(file.subarray(0, elfHeaderBytes));
  if (!header) return null;
  const { offset, size } = header.programHeaders;
  const ids = noteRanges(file.subarray(offset, offset + size), header).map((range) =>
    findBuildId(file.subarray(range.offset, range.offset + range.size), header),
  );
  return ids.find((id) => id !== null) ?? null;
}

/** A 32- or 64-bit file of one note segment; the notes are `[type, name, value]`. */
function makeElf(
  { bits, littleEndian }: { readonly bits: 32 | 64; readonly littleEndian: boolean },
  notes: readonly (readonly [number, string, readonly number[]])[],
): Buffer {
  const file = Buffer.alloc(1024);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, littleEndian);
  const word = (at64: number, at32: number, base: number, value: number): void =>
    bits === 64 ? view.setBigUint64(base + at64, BigInt(value), littleEndian) : u32(base + at32, value);
  file.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, littleEndian ? 1 : 2]);
  const headers = elfHeaderBytes;
  word(32, 28, 0, headers);
  view.setUint16(bits === 64 ? 54 : 42, bits === 64 ? 56 : 32, littleEndian);
  view.setUint16(bits === 64 ? 56 : 44, 2, littleEndian);
  u32(headers, 1); // a PT_LOAD stands before it
  const note = headers + (bits === 64 ? 56 : 32);
  u32(note, 4);
  let at = 512;
  for (const [type, name, value] of notes) {
    u32(at, name.length);
    u32(at + 4, value.length);
    u32(at + 8, type);
    file.write(name, at + 12, 'latin1');
    const valueAt = at + 12 + Math.ceil(name.length / 4) * 4;
    file.set(value, valueAt);
    at = valueAt + Math.ceil(value.length / 4) * 4;
  }
  word(8, 4, note, 512);
  word(32, 16, note, at - 512);
  return file;
}

describe('the build id', () => {
  it.each([
    { bits: 64, littleEndian: true },
    { bits: 64, littleEndian: false },
    { bits: 32, littleEndian: true },
    { bits: 32, littleEndian: false },
  ] as const)('is found behind other notes: %j', (kind) => {
    const id = [0xde, 0xad, 0xbe, 0xef, 0x01];
    const file = makeElf(kind, [
      [1, 'GNU\0', [0, 0, 0, 0, 3]],
      [3, 'Go\0\0', [9, 9]],
      [3, 'GNU\0', id],
    ]);
    expect(buildIdOf(file)).toBe('deadbeef01');
  });

  it('is null where no note carries one', () => {
    expect(buildIdOf(makeElf({ bits: 64, littleEndian: true }, [[1, 'GNU\0', [1]]]))).toBeNull();
  });

  it('that is cut off by the end of its notes is none', () => {
    const header = parseElfHeader(makeElf({ bits: 64, littleEndian: true }, []))!;
    const note = Buffer.from([4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0, 1, 2, 3, 4]);
    expect(findBuildId(note, header)).toBeNull();
  });

  it('of a real program is what readelf says', ({ skip }) => {
    const program = realpathSync('/bin/sh');
    let told: string;
    try {
      told = execFileSync('readelf', ['-n', program], { encoding: 'utf8', stdio: 'pipe' });
    } catch {
      return skip('readelf is not installed');
    }
    expect(buildIdOf(readFileSync(program))).toBe(/Build ID: ([0-9a-f]+)/.exec(told)?.[1]);
  });

  it('is not looked for in what is no ELF file', () => {
    expect(parseElfHeader(Buffer.from('#!/bin/sh\n'.padEnd(100)))).toBeNull();
    expect(parseElfHeader(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))).toBeNull();
  });

  it('of a damaged or truncated file is found or null, never an exception or a read beyond its end', () => {
    const whole = makeElf({ bits: 64, littleEndian: true }, [[3, 'GNU\0', [1, 2, 3]]]);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.nat(whole.length), (changes, length) => {
        const file = Buffer.from(whole);
        for (const [at, value] of changes) file[at] = value;
        expect([null, expect.stringMatching(/^([0-9a-f]{2})*$/)]).toContainEqual(
          buildIdOf(file.subarray(0, length)),
        );
      }),
      { numRuns: 500 },
    );
  });
});
