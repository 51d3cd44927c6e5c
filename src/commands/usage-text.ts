import type { CommandSpec, OptionSpec } from './command.js';
import { optionsOf } from './command-line.js';

const nameColumn = 24;

export function usageLine(spec: CommandSpec): string {
  const options = Object.entries(spec.options).map(([name, option]) => `[${optionText(name, option)}]`);
  return ['usage:', spec.name, ...options, spec.operands].filter(Boolean).join(' ');
}

export function helpText(spec: CommandSpec): string {
  const lines = Object.entries(optionsOf(spec)).map(([name, option]) => {
    const names = [...[option.alias ?? []].flat(), name].map(dashed).join(', ');
    const shown = `  ${names}${option.argument ? ` ${option.argument}` : ''}`;
    return `${shown.padEnd(nameColumn)} ${option.describe ?? ''}`.trimEnd();
  });
  return [usageLine(spec), '', spec.describe, '', 'options:', ...lines].join('\n');
}

function optionText(name: string, option: OptionSpec): string {
  return option.argument ? `${dashed(name)} ${option.argument}` : dashed(name);
}

/** openMosix's `-off` is the one word that goes with one dash. */
function dashed(name: string): string {
  return name.length === 1 || name === 'off' ? `-${name}` : `--${name}`;
}
