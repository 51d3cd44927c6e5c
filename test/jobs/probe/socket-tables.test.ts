import { describe, expect, it } from 'vitest';
import { parseInetSockets, parsePeers, parseUnixSockets } from '../../../src/jobs/probe/socket-tables.js';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const row = (local: string, remote: string, state: string, inode: number): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000 100 0 0 10 0`;

describe('tables of sockets', () => {
  it.each([
    ['tcp', '0100007F:1267', '00000000:0000', '0A', '127.0.0.1:4711', 'listening'],
    ['tcp', '0100007F:CF08', '0B014D0A:0016', '01', '127.0.0.1:53000', 'connected'],
    ['udp', '00000000:0044', '00000000:0000', '07', '0.0.0.0:68', 'unconnected'],
    [
      'tcp6',
      '00000000000000000000000001000000:0050',
      '00000000000000000000000000000000:0000',
      '0A',
      '[::1]:80',
      'listening',
    ],
    [
      'tcp6',
      '0000000000000000FFFF00000100007F:0050',
      '0000000000000000FFFF00000100007F:0051',
      '01',
      '127.0.0.1:80',
      'connected',
    ],
    [
      'udp6',
      'B80D0120000000000000000001000000:0035',
      '00000000000000000000000000000000:0000',
      '07',
      '[2001:db8::1]:53',
      'unconnected',
    ],
  ])('%s %s', (table, local, remote, state, address, word) => {
    const [entry] = parseInetSockets(table, [head, row(local, remote, state, 77), ''].join('\n'));
    expect(entry).toMatchObject([
      77,
      { protocol: table.slice(0, 3).toUpperCase(), local: address, state: word },
    ]);
  });

  it('unix sockets have paths with blanks, abstract names or none', () => {
    const text = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '0000000000000000: 00000002 00000000 00010000 0001 01 20111 /run/a b.sock',
      '0000000000000000: 00000003 00000000 00000000 0001 03 20112',
      '0000000000000000: 00000002 00000000 00010000 0001 01     7 @abstract',
    ].join('\n');
    expect(parseUnixSockets(text)).toEqual([
      [20111, { kind: 'unix', path: '/run/a b.sock' }],
      [20112, { kind: 'unix', path: '' }],
      [7, { kind: 'unix', path: '@abstract' }],
    ]);
  });

  it('ss tells who is at the other end', () => {
    const text = [
      'u_str ESTAB  0      0                          * 501            * 502  ',
      'u_str ESTAB  0      0             /run/a b.sock 502            * 501  ',
      'u_str LISTEN 0      4096           /run/a b.sock 20111          * 0',
    ].join('\n');
    expect([...parsePeers(text)]).toEqual([
      [501, 502],
      [502, 501],
      [20111, 0],
    ]);
  });
});
