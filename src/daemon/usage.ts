import type { GuestUsage } from '../protocol/guest-messages.js';
import { guestKey, type GuestRecord } from './guest/record.js';
import type { Guests } from './guest/registry.js';
import type { Sampler } from './sampler.js';

/** What the guests use, measured once a second for all that want to know. */
export class UsageTable {
  readonly #guests: Guests;
  readonly #sampler: Sampler;
  #usage = new Map<string, GuestUsage>();

  constructor(guests: Guests, sampler: Sampler) {
    this.#guests = guests;
    this.#sampler = sampler;
  }

  measure(): void {
    const usage = new Map<string, GuestUsage>();
    for (const record of this.#guests.all()) {
      if (!record.process || record.phase !== 'running') continue;
      const { cpu, rssKib } = this.#sampler.jobUsage(record.process.pid, record.spec.decay);
      const { pid } = record.process;
      usage.set(keyOf(record), { job: record.job, pid, cpu, rssKib, stopped: record.userStopped });
    }
    this.#usage = usage;
  }

  of(record: GuestRecord): { readonly cpu: number; readonly rssKib: number } {
    return this.#usage.get(keyOf(record)) ?? { cpu: 0, rssKib: 0 };
  }

  ofHome(cluster: string): readonly GuestUsage[] {
    return this.#guests
      .all()
      .filter((record) => record.cluster === cluster)
      .flatMap((record) => this.#usage.get(keyOf(record)) ?? []);
  }
}

function keyOf(record: GuestRecord): string {
  return guestKey(record.job, record.cluster);
}
