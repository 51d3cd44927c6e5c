import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPacket, parsePacket, type DiscoveryPacket } from '../../src/core/discovery-packet.js';
import {
  current,
  hear,
  mostProposals,
  noProposals,
  numberFor,
  type Proposals,
} from '../../src/core/proposals.js';

const id = (number: number): string => number.toString(16).padStart(32, '0');
const packet: DiscoveryPacket = { id: id(1), name: 'pc-1', node: 17, heard: [id(2)] };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const changed = (change: object): Uint8Array =>
  bytes(`moskit-discovery 1 ${JSON.stringify({ ...packet, ...change })}`);

describe('a packet', () => {
  test('says what was written, and no more than so many neighbours', () => {
    expect(parsePacket(bytes(formatPacket(packet)))).toEqual({ ok: true, packet });
    const many = { ...packet, heard: Array.from({ length: 100 }, (_, at) => id(at)) };
    const text = formatPacket(many);
    expect(text.length).toBeLessThanOrEqual(1400);
    expect(parsePacket(bytes(text))).toMatchObject({ ok: true });
  });

  test.each([
    ['nothing', bytes('')],
    ['another protocol', bytes('moskit-discovery 2 {}')],
    ['what is not JSON', bytes('moskit-discovery 1 {')],
    ['a list', bytes('moskit-discovery 1 []')],
    ['null', bytes('moskit-discovery 1 null')],
    ['what is not UTF-8', new Uint8Array([...bytes('moskit-discovery 1 "'), 0xff, 0x22])],
    ['too much', changed({ name: 'a'.repeat(2000) })],
    ['more than a packet says', changed({ command: 'true' })],
    ['an address of its own', changed({ address: '10.0.0.1' })],
    ['an id that is none', changed({ id: '../../etc' })],
    ['a name with a line break', changed({ name: 'a\nb' })],
    ['a name with a control sequence', changed({ name: 'a\u001b[31m' })],
    ['a name like an option', changed({ name: '-oProxyCommand=x' })],
    ['a number that is none', changed({ node: 70_000 })],
    ['a number in words', changed({ node: '1' })],
    ['neighbours that are none', changed({ heard: [id(1), 7] })],
    ['too many neighbours', changed({ heard: Array.from({ length: 33 }, () => 'f'.repeat(32)) })],
  ])('with %s is refused', (_what, input) => {
    expect(parsePacket(input)).toMatchObject({ ok: false, problem: expect.stringMatching(/./) as unknown });
  });

  test('of any bytes is refused or read, and nothing else happens', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1600 }), (any) => void parsePacket(any)));
  });
});

describe('proposals', () => {
  const from = (address: string, nowMs = 0) => ({ address, ownId: id(2), nowMs });

  test('know where a packet came from, and whether we are heard there', () => {
    const both = hear(noProposals, packet, from('10.0.0.1'));
    expect(both.machines).toMatchObject([{ address: '10.0.0.1', name: 'pc-1', isMutual: true }]);
    expect(hear(both, { ...packet, heard: [] }, from('10.0.0.1', 5)).machines).toMatchObject([
      { isMutual: false, firstAtMs: 0, lastAtMs: 5 },
    ]);
  });

  test('of a flood fill the table and no more; those that were there stay', () => {
    let proposals: Proposals = hear(noProposals, packet, from('10.0.0.1'));
    for (let at = 0; at < 1000; at++) {
      proposals = hear(proposals, { ...packet, id: id(at) }, from(`10.1.${at >> 8}.${at & 255}`));
    }
    expect(proposals.machines).toHaveLength(mostProposals);
    expect(proposals.dropped).toBe(1001 - mostProposals);
    expect(proposals.machines[0]).toMatchObject({ address: '10.0.0.1' });
  });

  test('are forgotten when nothing was heard for a minute, which makes room', () => {
    const old = hear(noProposals, packet, from('10.0.0.1', 0));
    expect(current(old, 59_999).machines).toHaveLength(1);
    expect(current(old, 60_000).machines).toEqual([]);
    const beforeReboot = hear(noProposals, packet, from('10.0.0.1', 5_000));
    expect(current(beforeReboot, 4_999).machines).toEqual([]);
    expect(hear(old, packet, from('10.0.0.2', 60_000)).machines).toMatchObject([{ address: '10.0.0.2' }]);
  });

  test.each([
    ['192.168.10.220', 2780],
    ['10.0.0.98', 98],
    ['10.1.0.0', null],
    ['pc-1', null],
  ])('%s gives the number %s, as omdiscd has it', (address, node) => expect(numberFor(address)).toBe(node));
});
