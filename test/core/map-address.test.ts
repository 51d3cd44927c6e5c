import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpv4, isLoopback, parseAddress, parseIpv4 } from '../../src/core/map-address.js';

describe('parseAddress', () => {
  test.each([
    ['10.1.1.100', 'ipv4'],
    ['n1', 'name'],
    ['node-7.lab.example.org', 'name'],
    ['me@node_7', 'name'],
    ['fe80::1%eth0', 'ipv6'],
    ['2001:db8::7', 'ipv6'],
  ])('%s is an %s', (text, kind) => expect(parseAddress(text)?.kind).toBe(kind));

  test.each([
    '',
    '10.1.1',
    '300.1.1.1',
    '10.01.1.1',
    '1.2.3.4.5',
    '-oProxyCommand=x',
    'a b',
    'a;b',
    '$(x)',
    'a'.repeat(256),
  ])('%j is none', (text) => expect(parseAddress(text)).toBeNull());
});

test.each([
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST',
  'me@localhost',
  'x.localhost',
])('%s means this machine', (text) => expect(isLoopback(text)).toBe(true));

test.each(['10.0.0.1', '128.0.0.1', '::2', 'localhosts', 'my-localhost-1'])('%s does not', (text) =>
  expect(isLoopback(text)).toBe(false),
);

test('an IPv4 address and its number say the same', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(formatIpv4(parseIpv4(text)!)).toBe(text);
    }),
  );
});
