/** Cobb angles over time, each with its interval. */

/** @import { TimePoint } from "./types.js" */

import { svg } from "./dom.js";
import { CURVE_COLOURS, path } from "./overlay.js";
import { degrees, range, span } from "./words.js";

const MOST_WIDTH = 900, HEIGHT = 340;
const EDGE = { left: 38, right: 118, top: 18, bottom: 34 };
/** As wide as there is room for, so that its text has the size of all text. */
let width = MOST_WIDTH;

/** @param {TimePoint[]} timeline in the order of time */
export function timePlot(timeline) {
  width = Math.min(MOST_WIDTH, window.innerWidth - 32);
  const days = timeline.map((t) => Date.parse(t.taken_on));
  const names = [...new Set(timeline.flatMap((t) => t.curves.map((c) => span(c.upper, c.lower))))];
  const values = timeline.flatMap((t) => t.curves.flatMap((c) => [c.cobb_deg ?? 0, ...(c.interval_deg ?? [])]));
  const top = Math.ceil(Math.max(20, ...values) / 10) * 10;
  const bottom = Math.floor(Math.min(0, ...values) / 10) * 10;
  const [from, to] = [Math.min(...days), Math.max(...days)];
  const x = (/** @type {number} */ day) => to > from
    ? EDGE.left + 20 + ((day - from) / (to - from)) * (width - EDGE.left - EDGE.right - 40)
    : (EDGE.left + width - EDGE.right) / 2;
  const y = (/** @type {number} */ deg) =>
    HEIGHT - EDGE.bottom - ((deg - bottom) / (top - bottom)) * (HEIGHT - EDGE.top - EDGE.bottom);
  return svg("svg", {
    class: "plot", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img",
    "aria-label": `Cobb angles over time. ${words(timeline)}`,
  }, grid(bottom, top, y), dates(timeline, days, x), lines(timeline, days, names, x, y));
}

/** @param {TimePoint[]} timeline */
const words = (timeline) => timeline.map((t) => `${t.taken_on}: ${t.curves.flatMap((c) =>
  (c.cobb_deg === null ? [] : `${span(c.upper, c.lower)} ${degrees(c.cobb_deg)}`)).join(", ") || "no curve"}`).join(". ");

/** @param {number} bottom @param {number} top @param {(deg: number) => number} y */
function grid(bottom, top, y) {
  const step = top - bottom > 60 ? 20 : 10;
  return Array.from({ length: Math.floor((top - bottom) / step) + 1 }, (_, i) => [
    svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(bottom + i * step), y2: y(bottom + i * step) }),
    svg("text", { x: EDGE.left - 8, y: y(bottom + i * step) + 4, "text-anchor": "end" }, `${bottom + i * step}\u00b0`),
  ]).flat();
}

/** Dates below, those left out that would run into the one before.
 * @param {TimePoint[]} timeline @param {number[]} days @param {(day: number) => number} x */
function dates(timeline, days, x) {
  let last = -Infinity;
  return timeline.flatMap((t, i) => {
    const at = x(days[i]);
    if (at - last < 84) return [];
    last = at;
    return [svg("text", { x: at, y: HEIGHT - 10, "text-anchor": "middle" }, t.taken_on)];
  });
}

/**
 * @param {TimePoint[]} timeline @param {number[]} days @param {string[]} names
 * @param {(day: number) => number} x @param {(deg: number) => number} y
 */
function lines(timeline, days, names, x, y) {
  let floor = Infinity; // of the labels at the right, from the top curve down
  const series = names.map((name, i) => ({ name, colour: CURVE_COLOURS[i % CURVE_COLOURS.length],
    points: timeline.flatMap((t, k) => t.curves.flatMap((c) =>
      span(c.upper, c.lower) !== name || c.cobb_deg === null ? [] : [{
        at: x(days[k]) + (i - (names.length - 1) / 2) * 7, deg: c.cobb_deg,
        interval: c.interval_deg, remark: `${t.edited ? ", edited" : ""}${t.in_brace ? ", in brace" : ""}`,
      }])) })).filter((s) => s.points.length);
  const labels = series.map((s) => ({ s, last: s.points[s.points.length - 1] }))
    .sort((a, b) => a.last.deg - b.last.deg)
    .map(({ s, last }) => {
      const at = Math.min(y(last.deg) + 4, floor - 16);
      floor = at;
      return svg("text", { class: "value", fill: s.colour, x: last.at + 12, y: at },
        `${s.name}  ${degrees(last.deg)}`);
    });
  return [
    ...series.map((s) => svg("g", { stroke: s.colour },
      svg("path", { d: path(s.points.map((p) => [p.at, y(p.deg)])) }),
      s.points.map(({ at, deg, interval, remark }) => [
        interval && svg("line", { class: "range", x1: at, x2: at, y1: y(interval[0]), y2: y(interval[1]) }),
        svg("circle", { cx: at, cy: y(deg), r: 4.5, fill: remark ? "#0b0d10" : s.colour, "stroke-width": 2 },
          svg("title", {}, `${s.name} ${degrees(deg)} (${range(interval)})${remark}`)),
      ]).flat())),
    ...labels,
  ];
}
