const watched: readonly (readonly [string, object])[] = [
  ['Object', Object.prototype],
  ['Array', Array.prototype],
  ['Function', Function.prototype],
  ['String', String.prototype],
];
const before = new Map(watched.map(([name, prototype]) => [name, new Set(Reflect.ownKeys(prototype))]));

/** Names that prototypes of the language have got since this was loaded; they are taken off again. */
export function pollutedNames(): readonly string[] {
  return watched.flatMap(([name, prototype]) =>
    Reflect.ownKeys(prototype)
      .filter((key) => !before.get(name)!.has(key))
      .map((key) => (Reflect.deleteProperty(prototype, key), `${name}.prototype.${String(key)}`)),
  );
}
