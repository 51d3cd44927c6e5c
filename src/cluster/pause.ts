/** A sleep that can be ended early; one sleeper at a time. */
export class Pause {
  #end: (() => void) | null = null;

  get isResting(): boolean {
    return this.#end !== null;
  }

  rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake(), ms);
      this.#end = () => {
        clearTimeout(timer);
        this.#end = null;
        resolve();
      };
    });
  }

  wake(): void {
    this.#end?.();
  }
}
