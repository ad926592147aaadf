/** Measuring while the reader drags: one question at a time, and always the newest one next. */

/** @import { Edit, Measured } from "./types.js" */

/** The name of what is told to `performance.measure`: from a touch to the angle on the screen. */
export const LATENCY = "edit-to-angle";

export class Live {
  /**
   * @param {(edit: Edit) => Promise<Measured>} measure
   * @param {(measured: Measured, edit: Edit) => void} show draws the answer
   * @param {(error: unknown) => void} fail
   */
  constructor(measure, show, fail) {
    this.measure = measure;
    this.show = show;
    this.fail = fail;
    /** @type {{ edit: Edit, since: number } | null} */
    this.next = null;
    this.busy = false;
    this.epoch = 0;
  }

  /** @param {Edit} edit @param {number} [since] when the reader moved, `performance.now()` */
  ask(edit, since = performance.now()) {
    this.next = { edit, since };
    if (!this.busy) void this.run();
  }

  /** Forgets what was asked: its answer will not be shown. */
  drop() {
    this.next = null;
    this.epoch += 1;
  }

  async run() {
    this.busy = true;
    while (this.next) {
      const { edit, since } = this.next, epoch = this.epoch;
      this.next = null;
      try {
        const measured = await this.measure(edit);
        if (epoch !== this.epoch) continue;
        this.show(measured, edit);
        requestAnimationFrame(() => performance.measure(LATENCY, { start: since }));
      } catch (error) {
        if (epoch === this.epoch) this.fail(error);
      }
    }
    this.busy = false;
  }
}
