// Pauses. SECOND_AGENT_HASTE divides the agent's own intervals, as the control plane's are divided in a test.

export const HASTE = Number(process.env.SECOND_AGENT_HASTE ?? 1);

/** Milliseconds on the machine's clock, which a test may set wrong. */
export const wall = () => Date.now() + 1000 * Number(process.env.SECOND_AGENT_CLOCK_IS_WRONG_BY ?? 0);

/** Seconds on a clock that nobody sets. */
export const monotonic = () => performance.now() / 1000;

export const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** From 0.5 s to 30 s, doubling, with jitter. */
export function pauses() {
  let bound = 0.5;
  return {
    next() {
      const now = bound;
      bound = Math.min(30, bound * 2);
      return (now * (0.5 + Math.random() / 2)) / HASTE;
    },
    reset() {
      bound = 0.5;
    },
  };
}

/** A sleep that can be cut short; `until` is truthy once that has happened. */
export class Wake {
  constructor() {
    this.set = false;
    this.resolve = () => {};
  }

  now() {
    this.set = true;
    this.resolve();
  }

  async wait(seconds) {
    if (!this.set) {
      let timer;
      await new Promise((resolve) => {
        this.resolve = resolve;
        timer = setTimeout(resolve, seconds * 1000);
      });
      clearTimeout(timer);
    }
    const was = this.set;
    this.set = false;
    return was;
  }
}
