import type { DriverName } from '../../src/core/job-spec.js';

export const parties = ['home', 'source', 'target'] as const;
export type Party = (typeof parties)[number];

/** kill: `kill -9` of mosd; stop: it stands still and goes on; cut: its node is off the network, and back. */
export const faults = ['kill', 'stop', 'cut'] as const;
export type Fault = (typeof faults)[number];

export interface FaultCase {
  readonly driver: DriverName;
  readonly party: Party;
  /** As `reach` in src/daemon names it. */
  readonly step: string;
  readonly fault: Fault;
}

interface Step {
  readonly step: string;
  readonly drivers?: readonly DriverName[];
}

const criu: readonly DriverName[] = ['criu'];
const filesTravel: readonly DriverName[] = ['criu', 'app'];
const aroundOf = (method: string, drivers?: readonly DriverName[]): readonly Step[] =>
  ['asked', 'done'].map((end) => ({ step: `${method} ${end}`, ...(drivers ? { drivers } : {}) }));

/** Home is node 1, the source 2 and the target 3: each step belongs to one of them. */
const steps: Readonly<Record<Party, readonly Step[]>> = {
  home: [
    { step: 'home claimed' },
    { step: 'home prepared' },
    { step: 'home begun' },
    { step: 'home sent first files' },
    { step: 'home heard frozen' },
    { step: 'home sent last files' },
    { step: 'home heard restored' },
    { step: 'home committed' },
    { step: 'home heard continued' },
    { step: 'home discarded' },
    { step: 'home done' },
  ],
  source: [
    ...aroundOf('folder.probe'),
    ...aroundOf('files.send', filesTravel),
    ...aroundOf('guest.freeze'),
    { step: 'guest.freeze marked' },
    { step: 'guest.freeze made' },
    ...aroundOf('guest.discard'),
  ],
  target: [
    ...aroundOf('guest.prepare'),
    ...aroundOf('files.receive', filesTravel),
    ...aroundOf('pages.open', criu),
    ...aroundOf('pages.receive', criu),
    ...aroundOf('guest.restore'),
    { step: 'guest.restore made' },
    ...aroundOf('guest.continue'),
    { step: 'guest.continue made' },
  ],
};

export function allCases(wanted: {
  readonly drivers: readonly DriverName[];
  readonly faults: readonly Fault[];
}): readonly FaultCase[] {
  return wanted.drivers.flatMap((driver) =>
    parties.flatMap((party) =>
      steps[party]
        .filter(({ drivers }) => drivers === undefined || drivers.includes(driver))
        .flatMap(({ step }) => wanted.faults.map((fault) => ({ driver, party, step, fault }))),
    ),
  );
}
