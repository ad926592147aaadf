/** Two films of a case side by side, with the same end vertebrae on both. */

/** @import { Change, Curve, FollowUp, Marks, Report, ScanAnswer, XY } from "./types.js" */
/** @import { Layer, Scene } from "./overlay.js" */

import * as api from "./api.js";
import { h, redraw } from "./dom.js";
import { Gestures } from "./gestures.js";
import { drawScene } from "./overlay.js";
import { reasons } from "./panel.js";
import { pointsOf, pointsOfEdit } from "./points.js";
import { Stage } from "./stage.js";
import { figure, table } from "./table.js";
import { showPage } from "./widgets.js";
import { capital, degrees, measurementName, range, span, word } from "./words.js";

/** @param {string} id @param {string} first @param {string} second */
export async function comparePage(id, first, second) {
  const [change, ...scans] = await Promise.all([
    api.getFollowUp(id, first, second), api.getScan(first), api.getScan(second),
  ]);
  const stages = scans.map((scan) => new Stage(`Film of ${scan.taken_on}`));
  showPage("Two films", h("div", { class: "sheet broad" },
    h("h1", {}, `${change.first.taken_on} and ${change.second.taken_on}`),
    h("p", {}, h("a", { href: `#case/${encodeURIComponent(id)}` }, "Back to the case")),
    change.comparable ? null : h("section", { class: "warn", "aria-labelledby": "not-comparable" },
      h("h2", { id: "not-comparable" }, "These films cannot be compared"),
      h("ul", {}, reasons(change.reasons).map((text) => h("li", {}, text)))),
    change.comparable && change.reasons.length
      ? h("p", { class: "soft" }, reasons(change.reasons).join(" ")) : null,
    h("div", { class: "pair" }, scans.map((scan, i) => h("figure", {},
      h("figcaption", {}, scan.taken_on, " ",
        scan.edited_report ? h("span", { class: "pill edited" }, "Edited") : null),
      stages[i].element))),
    changes(change)));
  await Promise.all(scans.map(async (scan, i) => {
    const scene = sceneOf(scan, change.curves, i === 0);
    const stage = stages[i];
    stage.onDraw = () => redraw(stage.drawn, drawScene(scene, stage.camera));
    new Gestures(stage, null);
    stage.load(await api.getFilm(scan.id), scan.report.size);
  }));
  return () => stages.forEach((stage) => stage.close());
}

/** @param {ScanAnswer} scan @param {Change[]} changes @param {boolean} first @returns {Scene} */
function sceneOf(scan, changes, first) {
  const newest = scan.edited_report ?? scan.report;
  const view = newest.view === "lateral" ? "lateral" : "frontal";
  const machine = pointsOf(view, scan.report.landmarks);
  /** @type {Curve[]} */
  const curves = changes.flatMap((c) => {
    const cobb = first ? c.first_deg : c.second_deg;
    if (cobb === null) return [];
    const interval = first ? c.first_interval_deg : c.second_interval_deg;
    const other = c.convex_side === "left" ? "right" : "left";
    return [{
      region: c.region, convex_side: cobb < 0 ? other : c.convex_side, upper: c.upper, lower: c.lower,
      apex: "", cobb_deg: Math.abs(cobb), patient_side: null, side_source: null, ends_by: "machine",
      interval_deg: interval && cobb < 0 ? [-interval[1], -interval[0]] : interval,
    }];
  });
  /** @type {Report} */
  const report = view === "frontal" ? { ...newest, curves } : newest;
  /** @type {Marks} */
  const marks = scan.edited_marks ?? scan.marks;
  return {
    points: scan.edit ? pointsOfEdit(scan.edit) : machine, machine, report,
    marks: { ...marks, transitional_point_xy: null },
    layers: new Set(/** @type {Layer[]} */ (["names", "outlines", "curves", "csl"])),
  };
}

/** @param {FollowUp} change */
function changes({ first, second, curves, measurements }) {
  const rows = [
    ...curves.map((c) => ({ c, name: `${capital(word("regions", c.region))} ${span(c.upper, c.lower)}` })),
    ...measurements.map((c) => ({ c, name: measurementName(c.name) })),
  ];
  if (!rows.length) return h("p", { class: "soft" }, "There is no angle to compare.");
  return h("section", { "aria-labelledby": "changes" },
    h("h2", { id: "changes" }, "Change"),
    table("Angles between the end vertebrae of the first film, with 90 % intervals",
      ["Angle", [first.taken_on], [second.taken_on], ["Change"], "More than 5\u00b0"],
      rows.map(({ c, name }) => [
        name,
        angle(c.first_deg, c.first_interval_deg), angle(c.second_deg, c.second_interval_deg),
        c.change_deg === null ? figure("not measured") : figure(
          `${c.change_deg > 0 ? "+" : ""}${degrees(c.change_deg)}`, range(c.change_interval_deg)),
        h("span", { class: c.exceeds_5_deg === "yes" ? "exceeds" : null }, c.exceeds_5_deg),
      ])),
    h("p", { class: "soft" }, "Two readers of one film differ by up to 7 degrees (95 % of the time), so a smaller change may be none."));
}

/** @param {number | null} value @param {XY | null} interval */
const angle = (value, interval) =>
  figure(value === null ? "not measured" : degrees(value), range(interval));
