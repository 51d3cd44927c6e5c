import { describe, expect, it } from 'vitest';
import { deflateRawSync } from 'node:zlib';
import {
  bytesOf,
  emptyManifest,
  packManifest,
  parseManifest,
  type Entry,
} from '../../../src/jobs/staging/manifest.js';

const entry = { path: 'a', type: 'file', mode: 0o644, mtimeNs: '1', ctimeNs: '-1', size: 10, dataBytes: 4 };
const manifest = { ...emptyManifest(), entries: [entry], bytes: 4 };

describe('parseManifest', () => {
  it('takes what listTree gives, and counts for itself', () => {
    expect(parseManifest({ ...manifest, bytes: 0 })).toEqual(manifest);
    expect(parseManifest(manifest).entries.map(bytesOf)).toEqual([4]);
  });

  it('drops what it does not know, and bits that no peer may set', () => {
    const more = { ...entry, mode: 0o4755, linkTarget: 'x', evil: true };
    expect(parseManifest({ ...manifest, entries: [more] }).entries).toEqual([{ ...entry, mode: 0o755 }]);
  });

  it('takes a packed one, which is small enough for a message', () => {
    const entries = Array.from({ length: 50_000 }, (_, index) => ({
      ...entry,
      path: `node_modules/package-${index % 500}/lib/file-${index}\xff.js`,
      mtimeNs: String(1_700_000_000_000_000_000n + BigInt(index) * 7_919_333n),
    }));
    const packed = packManifest({ ...emptyManifest(), entries: entries as unknown as readonly Entry[] });
    expect(packed.length).toBeLessThan(2 * 1024 * 1024);
    expect(parseManifest(packed).entries).toEqual(entries);
  });

  it.each([
    ['a packed nothing', ''],
    ['something else packed', Buffer.from('hello').toString('base64')],
    ['a packed bomb', deflateRawSync(Buffer.alloc(600 * 1024 * 1024, ' ')).toString('base64')],
    ['nothing', null],
    ['a list', []],
    ['another format', { ...manifest, format: 2 }],
    ['no time', { ...manifest, listedAtNs: 5 }],
    ['no entries', { ...manifest, entries: {} }],
    ['an entry twice', { ...manifest, entries: [entry, entry] }],
    ['a path that leads out', { ...manifest, entries: [{ ...entry, path: '../a' }] }],
    ['a skipped path that leads out', { ...manifest, skipped: [{ path: '/a', reason: '' }] }],
    ['a device', { ...manifest, entries: [{ ...entry, type: 'char' }] }],
    ['a negative size', { ...manifest, entries: [{ ...entry, size: -1 }] }],
    ['a link without a target', { ...manifest, entries: [{ ...entry, type: 'symlink' }] }],
    ['a time that is none', { ...manifest, entries: [{ ...entry, mtimeNs: '1e5' }] }],
  ])('refuses %s', (_what, value) => {
    expect(() => parseManifest(value)).toThrow(/a list of files is damaged/);
  });
});
