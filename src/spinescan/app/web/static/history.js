/** Undo and redo: a row of states, none of which is ever changed. */

/** @import { Points } from "./types.js" */

const MOST = 300;

export class History {
  /** @param {Points} first @param {string} [what] */
  constructor(first, what = "") {
    /** @type {{ points: Points, what: string }[]} */
    this.states = [{ points: first, what }];
    this.at = 0;
  }

  /** @returns {Points} */
  get points() {
    return this.states[this.at].points;
  }

  /** @param {Points} points @param {string} what */
  push(points, what) {
    if (points === this.points) return;
    this.states.splice(this.at + 1, Infinity, { points, what });
    if (this.states.length > MOST) this.states.shift();
    this.at = this.states.length - 1;
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.states.length - 1;
  }

  /** @returns {string} what was undone */
  undo() {
    if (!this.canUndo) return "";
    return this.states[this.at--].what;
  }

  /** @returns {string} what was done again */
  redo() {
    if (!this.canRedo) return "";
    return this.states[++this.at].what;
  }
}
