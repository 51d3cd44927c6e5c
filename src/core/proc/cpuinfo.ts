export interface Cpuinfo {
  readonly count: number;
  readonly model: string | null;
  /** x86 `flags`, arm `Features`; those that every processor has. */
  readonly flags: readonly string[];
}

const flagNames = new Set(['flags', 'Features']);
const modelNames = ['model name', 'Model', 'cpu model', 'Hardware', 'Processor'];

export function parseCpuinfo(text: string): Cpuinfo {
  const fields = text.split('\n').flatMap(parseLine);
  const flagSets = [...new Set(fields.filter(([name]) => flagNames.has(name)).map(([, value]) => value))].map(
    (value) => value.split(/\s+/).filter(Boolean),
  );
  const model = modelNames.map((name) => fields.find(([field]) => field === name)?.[1]).find(Boolean);
  return {
    count: fields.filter(([name, value]) => name === 'processor' && /^\d+$/.test(value)).length,
    model: model ?? null,
    flags: (flagSets[0] ?? []).filter((flag) => flagSets.every((set) => set.includes(flag))),
  };
}

function parseLine(line: string): readonly (readonly [string, string])[] {
  const colon = line.indexOf(':');
  return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
}
