/** Cobb angles over time, each with its interval. */

/** @import { TimePoint } from "./types.js" */

import { svg } from "./dom.js";
import { CURVE_COLOURS, path } from "./overlay.js";
import { degrees, range, span } from "./words.js";

const WIDTH = 900, HEIGHT = 340;
const EDGE = { left: 46, right: 110, top: 18, bottom: 34 };

/** @param {TimePoint[]} timeline in the order of time */
export function timePlot(timeline) {
  const days = timeline.map((t) => Date.parse(t.taken_on));
  const names = [...new Set(timeline.flatMap((t) => t.curves.map((c) => span(c.upper, c.lower))))];
  const highest = Math.max(20, ...timeline.flatMap((t) =>
    t.curves.map((c) => c.interval_deg?.[1] ?? c.cobb_deg)));
  const top = Math.ceil(highest / 10) * 10;
  const [from, to] = [Math.min(...days), Math.max(...days)];
  const x = (/** @type {number} */ day) => to > from
    ? EDGE.left + 20 + ((day - from) / (to - from)) * (WIDTH - EDGE.left - EDGE.right - 40)
    : (EDGE.left + WIDTH - EDGE.right) / 2;
  const y = (/** @type {number} */ deg) =>
    HEIGHT - EDGE.bottom - (deg / top) * (HEIGHT - EDGE.top - EDGE.bottom);
  return svg("svg", {
    class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
    "aria-label": `Cobb angles over time. ${words(timeline)}`,
  }, grid(top, y), dates(timeline, days, x), lines(timeline, days, names, x, y));
}

/** @param {TimePoint[]} timeline */
const words = (timeline) => timeline.map((t) => `${t.taken_on}: ${t.curves.map((c) =>
  `${span(c.upper, c.lower)} ${degrees(c.cobb_deg)}`).join(", ") || "no curve"}`).join(". ");

/** @param {number} top @param {(deg: number) => number} y */
function grid(top, y) {
  const step = top > 60 ? 20 : 10;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => [
    svg("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(i * step), y2: y(i * step) }),
    svg("text", { x: EDGE.left - 8, y: y(i * step) + 4, "text-anchor": "end" }, `${i * step}\u00b0`),
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
    points: timeline.flatMap((t, k) => t.curves.filter((c) => span(c.upper, c.lower) === name)
      .map((c) => ({ at: x(days[k]) + (i - (names.length - 1) / 2) * 7, curve: c, edited: t.edited }))) }));
  const labels = series.map((s) => ({ s, last: s.points[s.points.length - 1] }))
    .sort((a, b) => a.last.curve.cobb_deg - b.last.curve.cobb_deg)
    .map(({ s, last }) => {
      const at = Math.min(y(last.curve.cobb_deg) + 4, floor - 16);
      floor = at;
      return svg("text", { class: "value", fill: s.colour, x: last.at + 12, y: at },
        `${s.name}  ${degrees(last.curve.cobb_deg)}`);
    });
  return [
    ...series.map((s) => svg("g", { stroke: s.colour },
      svg("path", { d: path(s.points.map((p) => [p.at, y(p.curve.cobb_deg)])) }),
      s.points.map(({ at, curve, edited }) => [
        curve.interval_deg && svg("line", {
          class: "range", x1: at, x2: at, y1: y(curve.interval_deg[0]), y2: y(curve.interval_deg[1]),
        }),
        svg("circle", { cx: at, cy: y(curve.cobb_deg), r: 4.5, fill: edited ? "#0b0d10" : s.colour, "stroke-width": 2 },
          svg("title", {}, `${s.name} ${degrees(curve.cobb_deg)} (${range(curve.interval_deg)})${edited ? ", edited" : ""}`)),
      ]).flat())),
    ...labels,
  ];
}
