import type { Command } from './command.js';
import { runCommand } from './run-command.js';

/** One for each name in large-verbs. */
const load: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import('./mosctl/doctor.js')).doctor,
  export: async () => (await import('./mosctl/export.js')).exportCommand,
  join: async () => (await import('./mosctl/join.js')).join,
  stresstest: async () => (await import('./mosctl/stresstest.js')).stresstest,
  service: async () => (await import('./mosctl/service.js')).service,
  cron: async () => (await import('./mosctl/cron.js')).cron,
};

export async function runLargeVerb([verb = '', ...rest]: readonly string[]): Promise<void> {
  await runCommand(await load[verb]!(), rest);
}
