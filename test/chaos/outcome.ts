/** One figure of `npm run chaos`. */
export interface Outcome {
  readonly what: string;
  readonly figures: string;
  /** Empty = as it must be. */
  readonly wrong: readonly string[];
}
