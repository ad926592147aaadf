/** The classical construction of an angle between two endplates, as lines on the screen. */

/** @import { XY } from "./types.js" */

/** @typedef {{ plates: XY[][], legs: XY[][], arc: XY[], anchor: XY, side: 1 | -1 }} Construction */

/** @param {XY} a @param {XY} b @param {number} k @returns {XY} */
export const along = (a, b, k) => [a[0] + k * (b[0] - a[0]), a[1] + k * (b[1] - a[1])];
/** @param {XY} a @param {XY} b */
export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * Endplate lines drawn out to the convex side, their perpendiculars, and the arc where these meet.
 * @param {[XY, XY]} upper ends of the upper endplate, the screen's left one first
 * @param {[XY, XY]} lower
 * @param {1 | -1} side +1: convex to the screen's right
 * @returns {Construction}
 */
export function construct(upper, lower, side) {
  /** @type {XY[][]} */
  const plates = [];
  /** @type {XY[]} */
  const feet = [], down = /** @type {XY[]} */ ([]);
  for (const [left, right] of [upper, lower]) {
    const [inner, outer] = side > 0 ? [left, right] : [right, left];
    plates.push([along(inner, outer, -0.15), along(inner, outer, 1.9)]);
    feet.push(along(inner, outer, 1.6));
    const length = Math.max(distance(left, right), 1e-9);
    down.push([-(right[1] - left[1]) / length, (right[0] - left[0]) / length]);
  }
  const [u, w] = down;
  const meeting = meet(feet[0], u, feet[1], [-w[0], -w[1]]);
  if (!meeting) {
    return { plates, legs: [], arc: [], anchor: along(feet[0], feet[1], 0.5), side };
  }
  const width = distance(upper[0], upper[1]);
  /** @type {XY} */
  const beyond = [meeting[0] + 0.9 * width * u[0], meeting[1] + 0.9 * width * u[1]];
  const from = Math.atan2(u[1], u[0]), to = Math.atan2(w[1], w[0]);
  const arc = Array.from({ length: 13 }, (_, i) => {
    const turn = from + ((to - from) * i) / 12, r = 0.65 * width;
    return /** @type {XY} */ ([meeting[0] + r * Math.cos(turn), meeting[1] + r * Math.sin(turn)]);
  });
  return { plates, legs: [[feet[0], beyond], [feet[1], meeting]], arc, anchor: meeting, side };
}

/** Where the rays p + a u and q + b v meet, unless that is behind or far away.
 * @param {XY} p @param {XY} u @param {XY} q @param {XY} v @returns {XY | null} */
function meet(p, u, q, v) {
  const cross = u[0] * v[1] - u[1] * v[0];
  if (Math.abs(cross) < 0.05) return null;
  /** @type {XY} */
  const gap = [q[0] - p[0], q[1] - p[1]];
  const a = (gap[0] * v[1] - gap[1] * v[0]) / cross, b = (gap[0] * u[1] - gap[1] * u[0]) / cross;
  const reach = 1.5 * Math.hypot(...gap);
  return a > 0 && a < reach && b > 0 && b < reach ? [p[0] + a * u[0], p[1] + a * u[1]] : null;
}
