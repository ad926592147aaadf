/** Where labels go: never over a vertebra, never over each other; rather left out than in the way. */

/** @import { Box, XY } from "./types.js" */

/** @param {XY[]} points @param {number} [margin] @returns {Box} */
export function boxAround(points, margin = 0) {
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  return {
    left: Math.min(...xs) - margin, right: Math.max(...xs) + margin,
    top: Math.min(...ys) - margin, bottom: Math.max(...ys) + margin,
  };
}

/** @param {Box} a @param {Box} b */
export const overlap = (a, b) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** @type {Map<string, number>} */
const widths = new Map();
/** @type {CanvasRenderingContext2D | null} */
let ruler = null;
let family = "";

/** The width of a text in CSS pixels. @param {string} text @param {number} size @param {number} [weight] */
export function textWidth(text, size, weight = 400) {
  const key = `${size}/${weight}/${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    ruler ??= document.createElement("canvas").getContext("2d");
    if (!ruler) return text.length * size * 0.6;
    family ||= getComputedStyle(document.body).fontFamily;
    ruler.font = `${weight} ${size}px ${family}`;
    width = ruler.measureText(text).width;
    if (widths.size > 2000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

/** What is taken on the screen, and what is still free. */
export class Room {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.bounds = { left: 2, top: 2, right: width - 2, bottom: height - 2 };
    /** @type {Box[]} */
    this.taken = [];
  }

  /** @param {Box} box */
  take(box) {
    this.taken.push(box);
  }

  /** @param {Box} box */
  isFree(box) {
    const { left, top, right, bottom } = this.bounds;
    return (
      box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom &&
      !this.taken.some((other) => overlap(box, other))
    );
  }

  /**
   * The first free one of some places; it is taken from then on. Null if none is free.
   * @param {Iterable<XY>} places left and top @param {number} width @param {number} height
   * @returns {Box | null}
   */
  put(places, width, height) {
    for (const [left, top] of places) {
      const box = { left, top, right: left + width, bottom: top + height };
      if (this.isFree(box)) {
        this.take(box);
        return box;
      }
    }
    return null;
  }

  /**
   * Places beside an anchor, nearest first: outward of all that is taken at that height, then on
   * the other side.
   * @param {XY} anchor @param {number} width @param {number} height @param {1 | -1} side
   * @returns {Iterable<XY>}
   */
  *beside(anchor, width, height, side) {
    const { left, top, right, bottom } = this.bounds;
    const y = Math.min(Math.max(anchor[1], top + height / 2), bottom - height / 2);
    for (const way of [side, -side]) {
      for (let k = 0; k < 60; k++) {
        const dy = (k % 2 ? 1 : -1) * Math.ceil(k / 2) * 9;
        const at = y - height / 2 + dy;
        let edge = way > 0 ? Math.max(anchor[0], left) : Math.min(anchor[0], right);
        const row = { left: -1e9, right: 1e9, top: at, bottom: at + height };
        for (const box of this.taken) {
          if (overlap(box, row)) {
            edge = way > 0 ? Math.max(edge, box.right) : Math.min(edge, box.left);
          }
        }
        yield [way > 0 ? edge + 10 : edge - 10 - width, at];
        yield [way > 0 ? edge + 3 : edge - 3 - width, at];
      }
    }
  }
}
