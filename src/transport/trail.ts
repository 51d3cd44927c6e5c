import { cleanText } from './remote-text.js';

const mostLines = 60;

/** What was done on the way to a host and what came of it, step by step: what `--debug` shows when the way ends. No secrets. */
export class Trail {
  readonly #lines: string[] = [];

  add(step: string, outcome: string): void {
    if (this.#lines.length < mostLines) this.#lines.push(`${step}: ${cleanText(outcome, 400)}`);
  }

  lines(): readonly string[] {
    return [...this.#lines];
  }
}
