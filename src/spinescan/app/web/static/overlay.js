/** What is drawn over a film: outlines, names, angles, lines; at a constant width on the screen. */

/** @import { Curve, Marks, Points, Report, XY, Box } from "./types.js" */
/** @import { Camera } from "./camera.js" */

import { construct } from "./cobb.js";
import { svg } from "./dom.js";
import { Room, boxAround, textWidth } from "./labels.js";
import { sagittalLines } from "./overlay_lateral.js";
import { LEVELS, bodyOf, levelsOf, middle, originOf } from "./points.js";
import { degrees, range, span, word } from "./words.js";

/** Largest curve first; also told apart by people who do not see red or green. */
export const CURVE_COLOURS = ["#ffb000", "#56beff", "#ff7ab6", "#bee65a"];

/** The layers that can be turned off, and what they are called. */
export const LAYERS = {
  names: "Level names",
  outlines: "Endplates and outlines",
  curves: "Curves and angles",
  csl: "Central sacral line",
  tp: "Transitional point",
  pelvis: "Sacrum, pelvis, C7",
  handles: "Points to drag",
};
/** @typedef {keyof typeof LAYERS} Layer */

/**
 * @typedef {object} Scene
 * @property {Points} points
 * @property {Points} machine
 * @property {Report} report the newest answer
 * @property {Marks | null} marks
 * @property {ReadonlySet<Layer>} layers
 */

const NAME_PX = 11;
/** On a narrower stage labels are short, and the figures stand above the film, too. */
const NARROW_PX = 560;

/** @param {XY[]} points @param {boolean} [closed] */
export function path(points, closed = false) {
  return `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}`;
}

/** @param {XY} p @param {number} r */
export const diamond = (p, r) =>
  path([[p[0], p[1] - r], [p[0] + r, p[1]], [p[0], p[1] + r], [p[0] - r, p[1]]], true);

/** @param {Scene} scene @param {Camera} camera @returns {SVGElement[]} */
export function drawScene(scene, camera) {
  const { points, layers, report } = scene;
  const room = new Room(camera.width, camera.height);
  const narrow = camera.width < NARROW_PX;
  if (narrow) room.take({ left: 0, top: 0, right: camera.width, bottom: 36 }); // the figures there
  const levels = levelsOf(points);
  /** @type {Map<string, XY[]>} */
  const bodies = new Map(levels.map((v) => [v, bodyOf(points, v).map((p) => camera.toScreen(p))]));
  for (const body of bodies.values()) room.take(boxAround(body, 2));
  /** @type {SVGElement[]} */
  const drawn = [];
  const frontal = points.view === "frontal";
  if (layers.has("csl") && frontal && report.decision === "accepted") drawn.push(...cslLine(scene, camera, room));
  if (layers.has("outlines")) drawn.push(...outlines(scene, bodies));
  if (layers.has("pelvis")) drawn.push(...pelvis(scene, camera));
  if (layers.has("curves")) {
    drawn.push(...(frontal
      ? curveLines(report.curves, bodies, camera, room, narrow)
      : sagittalLines(scene, bodies, camera, room)));
  }
  if (layers.has("tp") && frontal) drawn.push(...transitionalPoint(scene, camera, room));
  if (layers.has("names")) drawn.push(...names(report.curves, bodies, room, camera.sign));
  return drawn;
}

/** @param {Scene} scene @param {Camera} camera @param {Room} room */
function cslLine({ points, marks }, camera, room) {
  const pair = (/** @type {string} */ a, /** @type {string} */ b) => {
    const [p, q] = [points.places.get(a), points.places.get(b)];
    return p && q ? (p[0] + q[0]) / 2 : null;
  };
  const sacral = pair("S1_left", "S1_right");
  const x = sacral ?? pair("L5_inferior_left", "L5_inferior_right") ?? marks?.csl?.x ?? null;
  if (x === null) return [];
  const at = camera.toScreen([x, 0])[0], text = sacral === null ? "CSL (from L5)" : "CSL";
  const width = textWidth(text, NAME_PX);
  const place = room.put(
    [18, 36, 54].map((up) => /** @type {XY} */ ([at + 6, camera.height - up])), width, 14,
  );
  return [
    svg("path", { class: "csl", d: path([[at, 0], [at, camera.height]]) }),
    ...(place ? [label(text, place, "soft")] : []),
  ];
}

/** @param {Scene} scene @param {Map<string, XY[]>} bodies */
function outlines({ points, machine, report }, bodies) {
  return [...bodies].map(([level, [a, b, c, d]]) => {
    const corners = [...points.places.keys()].filter((name) => name.startsWith(`${level}_`));
    const origins = corners.map((name) => originOf(points, machine, name));
    const who = origins.includes("edited")
      ? "edited" : origins.includes("derived") ? "derived" : "machine";
    const trusted = report.decision === "accepted" ? "" : " untrusted";
    return svg("g", { class: `body ${who}${trusted}` },
      svg("path", { d: path([a, c, d, b]), class: "sides" }),
      svg("path", { d: path([a, b]), class: "plate" }),
      svg("path", { d: path([c, d]), class: "plate" }));
  });
}

/** @param {Scene} scene @param {Camera} camera */
function pelvis({ points }, camera) {
  const drawn = [];
  for (const [first, second, kind] of [
    ["S1_left", "S1_right", "plate"],
    ["S1_anterior", "S1_posterior", "plate"],
    ["iliac_crest_left", "iliac_crest_right", "thin"],
  ]) {
    const [p, q] = [points.places.get(first), points.places.get(second)];
    if (p && q) {
      drawn.push(svg("path", {
        class: `pelvis ${kind}`, d: path([camera.toScreen(p), camera.toScreen(q)]),
      }));
    }
  }
  for (const name of ["iliac_crest_left", "iliac_crest_right", "femoral_head_left",
    "femoral_head_right", "C7_centre"]) {
    const p = points.places.get(name);
    if (p) drawn.push(svg("path", { class: "pelvis mark", d: diamond(camera.toScreen(p), 5) }));
  }
  return drawn;
}

/** The screen's left end first. @param {XY} a @param {XY} b @returns {[XY, XY]} */
const leftFirst = (a, b) => (a[0] <= b[0] ? [a, b] : [b, a]);

/**
 * @param {Curve[]} curves @param {Map<string, XY[]>} bodies @param {Camera} camera @param {Room} room
 * @param {boolean} short whether there is room for the figures alone
 */
function curveLines(curves, bodies, camera, room, short) {
  const marks = curves.flatMap((curve, i) => {
    const [upper, lower] = [bodies.get(curve.upper), bodies.get(curve.lower)];
    if (!upper || !lower) return [];
    const side = /** @type {1 | -1} */ ((curve.convex_side === "right" ? 1 : -1) * camera.sign);
    const lines = construct(
      leftFirst(upper[0], upper[1]), leftFirst(lower[2], lower[3]), side,
    );
    return [{ curve, lines, colour: CURVE_COLOURS[i % CURVE_COLOURS.length] }];
  });
  const texts = marks.map(({ curve, lines, colour }) => angleLabel(
    [`${span(curve.upper, curve.lower)}  ${degrees(curve.cobb_deg)}`, range(curve.interval_deg),
      short ? "" : `${word("regions", curve.region)}${curve.apex ? `, apex ${curve.apex}` : ""}`],
    lines.anchor, lines.side, colour, room,
  ));
  return [
    ...marks.map(({ curve, lines, colour }) => svg("g", { class: "curve", stroke: colour },
      ...lines.legs.map((leg) => svg("path", { class: "leg", d: path(leg) })),
      ...lines.plates.map((plate) => svg("path", { d: path(plate) })),
      lines.arc.length > 0 && svg("path", { d: path(lines.arc) }),
      apexMark(curve, bodies, colour))),
    ...texts.flat(),
  ];
}

/** @param {Curve} curve @param {Map<string, XY[]>} bodies @param {string} colour */
function apexMark(curve, bodies, colour) {
  const found = curve.apex.split("/").flatMap((v) => bodies.get(v) ?? []);
  const points = found.length === 8 ? found.slice(2, 6) : found;
  return points.length > 0 && svg("path", { class: "apex", fill: colour, d: diamond(middle(points), 5) });
}

/**
 * A label of some lines beside an angle, with a leader to it; nothing where no place is free.
 * @param {string[]} lines @param {XY} anchor @param {1 | -1} side @param {string} colour
 * @param {Room} room
 */
export function angleLabel(lines, anchor, side, colour, room) {
  const rows = lines.filter(Boolean);
  const width = Math.max(...rows.map((t, i) => textWidth(t, i ? NAME_PX : 14, i ? 400 : 650))) + 12;
  const height = 22 + 14 * (rows.length - 1);
  const box = room.put(room.beside(anchor, width, height, side), width, height);
  if (!box) return [];
  const end = [
    Math.min(Math.max(anchor[0], box.left), box.right),
    Math.min(Math.max(anchor[1], box.top), box.bottom),
  ];
  return [svg("g", { class: "angle", fill: colour, stroke: colour },
    svg("path", { class: "leader", d: path([anchor, /** @type {XY} */ (end)]) }),
    svg("rect", { x: box.left, y: box.top, width, height, rx: 4 }),
    svg("text", { x: box.left + 6, y: box.top + 16, class: "figure" }, rows[0]),
    ...rows.slice(1).map((text, i) =>
      svg("text", { x: box.left + 6, y: box.top + 31 + 14 * i }, text)))];
}

/** @param {Scene} scene @param {Camera} camera @param {Room} room */
function transitionalPoint({ marks }, camera, room) {
  if (!marks?.transitional_point_xy) return [];
  const [x, y] = camera.toScreen(marks.transitional_point_xy);
  const width = textWidth("TP", NAME_PX, 600);
  const box = room.put(
    [24, -24 - width, 40, -40 - width, 60, -60 - width].flatMap((dx) =>
      [-7, 7, -21].map((dy) => /** @type {XY} */ ([x + dx, y + dy]))), width, 14,
  );
  return [
    svg("circle", { class: "tp", cx: x, cy: y, r: 6 }),
    svg("path", { class: "tp", d: `M${x - 10} ${y}H${x + 10}M${x} ${y - 10}V${y + 10}` }),
    ...(box ? [label("TP", box, "strong")] : []),
  ];
}

/**
 * Names beside their vertebrae, on the hollow side where there is room; those of end vertebrae
 * first, in their curve's colour.
 * @param {Curve[]} curves @param {Map<string, XY[]>} bodies @param {Room} room @param {number} sign
 */
function names(curves, bodies, room, sign) {
  /** @type {Map<string, string>} */
  const special = new Map();
  curves.forEach((curve, i) => {
    for (const level of [curve.upper, curve.lower]) {
      if (!special.has(level)) special.set(level, CURVE_COLOURS[i % CURVE_COLOURS.length]);
    }
  });
  const order = [...new Set([...special.keys(), "T1", "T12", "L1", "L5", ...LEVELS])];
  return order.flatMap((level) => {
    const body = bodies.get(level);
    if (!body) return [];
    const around = boxAround(body, 2), width = textWidth(level, NAME_PX, 500), height = 13;
    const y = (around.top + around.bottom - height) / 2;
    const left = around.left - 7 - width, right = around.right + 7;
    const sides = hollow(level, curves) * sign < 0 ? [left, right] : [right, left];
    const places = [...sides, left - 9, right + 9]
      .flatMap((x) => [0, -4, 4].map((dy) => /** @type {XY} */ ([x, y + dy])));
    const box = room.put(places, width, height);
    return box ? [label(level, box, "name", special.get(level))] : [];
  });
}

/** The side of the picture (-1 left) that the nearest curve is hollow on; left without a curve.
 * @param {string} level @param {Curve[]} curves */
function hollow(level, curves) {
  const at = LEVELS.indexOf(level);
  let least = Infinity, side = -1;
  for (const { upper, lower, convex_side } of curves) {
    const away = Math.max(LEVELS.indexOf(upper) - at, at - LEVELS.indexOf(lower), 0);
    if (away < least) [least, side] = [away, convex_side === "right" ? -1 : 1];
  }
  return side;
}

/** @param {string} text @param {Box} box @param {string} kind @param {string} [colour] */
export function label(text, box, kind, colour) {
  return svg("text", { class: `label ${kind}`, x: box.left, y: box.bottom - 3, fill: colour }, text);
}
