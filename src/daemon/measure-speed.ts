import { calibrateSpeed } from './calibrate.js';
import type { Daemon } from './context.js';

/** At the first start and after `setspeed auto`: the speed of one processor, unless a person sets it meanwhile. */
export function measureSpeed(daemon: Daemon): void {
  calibrateSpeed()
    .then(async (speed) => {
      await daemon.map.update(
        (old) => (old.admin.speed === null ? { ...old, admin: { ...old.admin, speed } } : old),
        { durable: true },
      );
      daemon.log.write(`speed measured: ${speed}`);
    })
    .catch((error: unknown) => daemon.log.error(error));
}
