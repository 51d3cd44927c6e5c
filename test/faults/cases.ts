import type { DriverName } from '../../src/core/job-spec.js';

export const parties = ['home', 'source', 'target', 'keeper'] as const;
/** What the job goes through: a move, an image while it runs, or a start elsewhere after the loss of its node. */
export const scenes = ['move', 'image', 'elsewhere'] as const;
export type Scene = (typeof scenes)[number];
export type Party = (typeof parties)[number];

/** kill: `kill -9` of mosd; stop: it stands still and goes on; cut: its node is off the network, and back. */
export const faults = ['kill', 'stop', 'cut'] as const;
export type Fault = (typeof faults)[number];

export interface FaultCase {
  readonly driver: DriverName;
  /** A move, unless it says something else. */
  readonly scene?: Scene;
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

/** Home is node 1, the source 2, the target and the keeper 3: each step belongs to one of them. */
type Steps = Readonly<Partial<Record<Party, readonly Step[]>>>;

const moveSteps: Steps = {
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

const imageSteps: Steps = {
  home: [{ step: 'home has image' }, { step: 'home noted image' }],
  source: [
    ...aroundOf('guest.checkpoint'),
    { step: 'checkpoint copied' },
    { step: 'checkpoint marked' },
    { step: 'checkpoint made' },
    ...aroundOf('files.send'),
    ...aroundOf('guest.checkpointed'),
  ],
  keeper: [...aroundOf('kept.put'), ...aroundOf('kept.only')],
};

const elsewhereSteps: Steps = {
  home: [
    { step: 'home begun recovery' },
    { step: 'home filled' },
    { step: 'home committed recovery' },
    { step: 'home done' },
  ],
  keeper: aroundOf('kept.get'),
  target: [
    ...aroundOf('guest.prepare'),
    ...aroundOf('files.receive'),
    ...aroundOf('guest.restore'),
    { step: 'guest.restore made' },
    ...aroundOf('guest.continue'),
    { step: 'guest.continue made' },
  ],
};

const stepsOf: Readonly<Record<Scene, Steps>> = {
  move: moveSteps,
  image: imageSteps,
  elsewhere: elsewhereSteps,
};

export function allCases(wanted: {
  readonly drivers: readonly DriverName[];
  readonly faults: readonly Fault[];
  readonly scenes?: readonly Scene[];
}): readonly FaultCase[] {
  return wanted.drivers.flatMap((driver) =>
    (wanted.scenes ?? scenes)
      .filter((scene) => scene === 'move' || driver !== 'restart')
      .flatMap((scene) =>
        parties.flatMap((party) =>
          (stepsOf[scene][party] ?? [])
            .filter(({ drivers }) => drivers === undefined || drivers.includes(driver))
            .flatMap(({ step }) => wanted.faults.map((fault) => ({ driver, scene, party, step, fault }))),
        ),
      ),
  );
}
