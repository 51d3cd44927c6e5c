import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Interface } from '../../cluster/discovery.js';
import { MoskitError, UsageError } from '../../errors.js';

/** Those that were named, else that of the default route, as omdiscd does it. */
export function chooseInterfaces(named: string | undefined): readonly Interface[] {
  if (named !== undefined) return named.split(',').flatMap((name) => addressesOf(name.trim()));
  const name = defaultInterface();
  if (name !== null) return addressesOf(name);
  throw new MoskitError(
    'Unable to determine address of default interface. This may happen because there is no default route configured. ' +
      'Without a default route, an interface must be: Network is unreachable\nUnable to initialize network. Exiting.',
    { hint: 'name the interface: mosdiscd -i eth0' },
  );
}

function addressesOf(name: string): readonly Interface[] {
  const found = (networkInterfaces()[name] ?? []).filter(({ family }) => family === 'IPv4');
  if (found.length === 0) {
    const known = Object.keys(networkInterfaces()).join(', ');
    throw new UsageError(`there is no interface '${name}' with an IPv4 address`, {
      hint: `there are ${known}`,
    });
  }
  return found.slice(0, 1).map(({ address }) => ({ name, address }));
}

function defaultInterface(): string | null {
  try {
    const routes = readFileSync('/proc/net/route', 'latin1').split('\n').slice(1);
    const words = routes
      .map((route) => route.split('\t'))
      .find(([, destination]) => destination === '00000000');
    return words?.[0] ?? null;
  } catch {
    return null;
  }
}
