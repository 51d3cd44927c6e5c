import type { Outcome } from '../outcome.js';
import { eventKinds, type EventCounts } from './events.js';
import type { MemoryFigures } from './memory.js';
import type { SoakResult } from './soak.js';

const mostGrowthPercent = 10;
/** A shorter run says nothing about growth: caches are still filling. */
const leastSamples = 300;

export function soakFigures(result: SoakResult): readonly Outcome[] {
  const { jobs, lost, doubled, wrong, descriptors, events, seconds } = result;
  const minutes = (seconds / 60).toFixed(1);
  return [
    {
      what: 'soak: jobs under load',
      figures: `${jobs} jobs in ${minutes} min, lost ${lost}, doubled ${doubled}, wrong ${wrong.length}`,
      wrong,
    },
    { what: 'soak: what happened to them', figures: countsText(events), wrong: [] },
    {
      what: 'soak: descriptors of all mosds',
      figures: `${descriptors.before} before, ${descriptors.after} after`,
      wrong: [],
    },
    memoryFigure('soak: memory of mosd at home', result.home),
    memoryFigure('soak: memory of mosd with guests', result.guest),
  ];
}

function countsText(events: EventCounts): string {
  return eventKinds
    .map((kind) => {
      const { asked, done } = events[kind];
      return done === asked ? `${asked} ${kind}` : `${asked} ${kind} (${done} done)`;
    })
    .join(', ');
}

function memoryFigure(what: string, memory: MemoryFigures | null): Outcome {
  if (!memory) return { what, figures: 'too short to tell', wrong: [] };
  const mib = (kib: number): string => (kib / 1024).toFixed(1);
  const growth = memory.growthPercent.toFixed(1);
  const figures = `${mib(memory.startKib)} MiB at first, ${mib(memory.peakKib)} at most, ${mib(memory.endKib)} at last, growth ${growth} %`;
  const isTooMuch = memory.samples >= leastSamples && memory.growthPercent > mostGrowthPercent;
  return { what, figures, wrong: isTooMuch ? [`it grew by ${growth} %`] : [] };
}
