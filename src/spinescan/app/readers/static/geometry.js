/** Angles and lines on the picture, whose pixels are square. */

/**
 * Degrees between two endplates, from 0 to below 180: of their tilts, each read from left to right.
 * @param {Line[]} lines @returns {number | null}
 */
function angleOf(lines) {
  if (lines.length < 2) return null;
  const [one, other] = lines.map(tiltOf);
  return Math.abs(one - other);
}

/** @param {Line} line */
function tiltOf([a, b]) {
  const [from, to] = a[0] <= b[0] ? [a, b] : [b, a];
  return (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
}

/** @param {XY} a @param {XY} b */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** @param {number} value @param {number} low @param {number} high */
function within(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
