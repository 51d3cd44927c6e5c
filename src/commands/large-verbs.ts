/**
 * Verbs of mosctl that the whole program runs, because they need SSH or much text; the small bundle only knows their names.
 * Verb → operands and what it does, for the overview.
 */
export const largeVerbs: Readonly<Record<string, { readonly operands: string; readonly describe: string }>> =
  {
    doctor: { operands: '', describe: 'say of each node what is wrong with it, and how to mend it' },
    export: { operands: 'ansible|mpi|parallel|…', describe: 'print the cluster for another program' },
    join: { operands: '[ADDRESS]', describe: 'take a machine that mosdiscd hears into the map' },
    stresstest: { operands: '[FOLDER]', describe: 'try the whole cluster, and write a report' },
    service: {
      operands: 'install|remove|status',
      describe: 'start with the machine, and leave it in order when it goes down',
    },
    cron: { operands: 'install|remove|status', describe: 'balance by cron: one marked line in your crontab' },
  };

export function isLargeVerb(name: string | undefined, argv: readonly string[]): boolean {
  const [verb] = argv;
  return name === 'mosctl' && verb !== undefined && Object.hasOwn(largeVerbs, verb);
}
