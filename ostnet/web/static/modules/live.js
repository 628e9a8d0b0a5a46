/** The loop: one frame is computed at a time, and frames that come meanwhile are dropped. */

const WINDOW = 2000;

export class Live {
  /**
   * @param {(again: boolean) => Promise<boolean>} step computes a new frame if there is one, with
   *     `again` also the last one; resolves to whether it did
   * @param {(rate: number) => void} onRate frames per second
   */
  constructor(step, onRate) {
    this.step = step;
    this.onRate = onRate;
    this.on = false;
    this.busy = false;
    this.again = false;
    /** @type {number[]} when the last frames were done */
    this.done = [];
    this.#next();
  }

  start() {
    this.on = true;
    this.done = [];
  }

  stop() {
    this.on = false;
  }

  /** Compute the last frame again, since something other than the driver has changed. */
  refresh() {
    this.again = true;
  }

  #next() {
    requestAnimationFrame(() => {
      if ((this.on || this.again) && !this.busy) this.#run();
      this.#next();
    });
  }

  async #run() {
    this.busy = true;
    const { again } = this;
    this.again = false;
    try {
      if ((await this.step(again)) && this.on) this.#count(performance.now());
    } finally {
      this.busy = false;
    }
  }

  /** @param {number} now */
  #count(now) {
    this.done.push(now);
    while (this.done.length > 2 && this.done[0] < now - WINDOW) this.done.shift();
    if (this.done.length > 1) {
      this.onRate((1000 * (this.done.length - 1)) / (now - this.done[0]));
    }
  }
}
