import { openMapStore } from '../../../src/state/map-store.js';

/** Changes the map without end: a line on stdout for each durable change that is said to have happened. */
const store = await openMapStore(process.argv[2]!, undefined, { readingsIntervalMs: 1 });
for (let guests = store.map.admin.maxguests ?? 0; ; guests++) {
  await store.update((map) => ({ ...map, admin: { ...map.admin, maxguests: guests } }), { durable: true });
  process.stdout.write(`${guests}\n`);
  await store.update(
    (map) => ({
      ...map,
      remote: { '2-1': { job: '2-1', from: 2, pid: 7, cpu: 1, rssKib: guests, command: 'x' } },
    }),
    { durable: false },
  );
  await store.flush();
}
