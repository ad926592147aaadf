/** The lines of a lateral film: the endplates that were judged, the pelvis's angles, slips. */

/** @import { Report, XY } from "./types.js" */
/** @import { Camera } from "./camera.js" */
/** @import { Room } from "./labels.js" */
/** @import { Scene } from "./overlay.js" */

import { along } from "./cobb.js";
import { svg } from "./dom.js";
import { CURVE_COLOURS, angleLabel, path } from "./overlay.js";
import { middle } from "./points.js";
import { degrees, number, range } from "./words.js";

/** Of each row the first that was measured is drawn. */
const DRAWN = [
  ["TK_T4_T12", "TK_T5_T12", "TK_T2_T12", "TK_T1_T12"],
  ["LL_L1_S1", "LL_L1_L5"],
];

/** @param {Scene} scene @param {Map<string, XY[]>} bodies @param {Camera} camera @param {Room} room */
export function sagittalLines(scene, bodies, camera, room) {
  const { report } = scene;
  return [
    ...DRAWN.flatMap((names, i) => endplates(scene, judged(report, names, i), bodies, camera, room, i)),
    ...pelvicAngles(scene, camera, room),
    ...slips(report, bodies, room),
  ];
}

/** The measurement that the verdict rests on, if it is of this row.
 * @param {Report} report @param {string[]} names @param {number} i */
function judged(report, names, i) {
  const axis = report.sagittal?.axes[i]?.measurement;
  const name = axis && names.includes(axis)
    ? axis : names.find((n) => report.measurements.some((m) => m.name === n));
  return report.measurements.find((m) => m.name === name);
}

/**
 * @param {Scene} scene @param {ReturnType<typeof judged>} measured
 * @param {Map<string, XY[]>} bodies @param {Camera} camera @param {Room} room @param {number} i
 */
function endplates({ points }, measured, bodies, camera, room, i) {
  if (!measured) return [];
  const colour = CURVE_COLOURS[i], [upper, lower] = measured.levels;
  const sacrum = ["S1_anterior", "S1_posterior"].flatMap((n) => {
    const p = points.places.get(n);
    return p ? [camera.toScreen(p)] : [];
  });
  const above = bodies.get(upper)?.slice(0, 2);
  const below = lower === "S1" ? (sacrum.length === 2 ? sacrum : undefined) : bodies.get(lower)?.slice(2);
  if (!above || !below) return [];
  const lines = [above, below].map(([a, b]) => [along(a, b, -0.5), along(a, b, 1.6)]);
  const [p, q] = lines.map((line) => line[1]);
  const side = p[0] + q[0] > above[0][0] + below[0][0] ? 1 : -1;
  const anchor = along(p, q, 0.5);
  const text = `${measured.name.slice(0, 2)} ${upper}\u2013${lower}  ${degrees(measured.value)}`;
  return [
    svg("g", { class: "curve", stroke: colour },
      ...lines.map((line) => svg("path", { d: path(line) })),
      svg("path", { class: "leg", d: path([p, anchor, q]) })),
    ...angleLabel([text, range(measured.interval)], anchor, side, colour, room),
  ];
}

/** From the sacral endplate to the hip axis. @param {Scene} scene @param {Camera} camera @param {Room} room */
function pelvicAngles({ points, report }, camera, room) {
  const seen = (/** @type {string} */ n) => {
    const p = points.places.get(n);
    return p ? [camera.toScreen(p)] : [];
  };
  const heads = [...seen("femoral_head_left"), ...seen("femoral_head_right")];
  const sacrum = [...seen("S1_anterior"), ...seen("S1_posterior")];
  if (!heads.length || sacrum.length < 2) return [];
  const hip = middle(heads), top = middle(sacrum), colour = CURVE_COLOURS[3];
  const value = (/** @type {string} */ n) => report.measurements.find((m) => m.name === n);
  const texts = ["PI", "PT", "SS"].flatMap((name) => {
    const m = value(name);
    return m ? [`${name} ${degrees(m.value)}`] : [];
  });
  return [
    svg("g", { class: "curve thin", stroke: colour },
      svg("path", { d: path([hip, top]) }),
      svg("path", { class: "leg", d: path([hip, [hip[0], top[1]]]) })),
    ...(texts.length
      ? angleLabel(texts, hip, hip[0] >= top[0] ? 1 : -1, colour, room)
      : []),
  ];
}

/** @param {Report} report @param {Map<string, XY[]>} bodies @param {Room} room */
function slips(report, bodies, room) {
  return (report.sagittal?.slips ?? []).flatMap((slip) => {
    const body = bodies.get(slip.upper);
    if (!body) return [];
    const text = `${slip.upper} on ${slip.lower} slipped ${number(Math.abs(slip.percent), 0)} %`;
    return angleLabel([text, slip.grade ? `grade ${slip.grade}` : "grade not sure"], body[3], 1,
      CURVE_COLOURS[2], room);
  });
}
