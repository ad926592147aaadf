/** Curves with their angles, and the end vertebrae that a reader may choose. */

/** @import { Curve, Ends } from "./types.js" */
/** @import { Session } from "./session.js" */

import { h } from "./dom.js";
import { CURVE_COLOURS } from "./overlay.js";
import { section } from "./panel.js";
import { LEVELS, levelsOf, withEnds } from "./points.js";
import { button, select } from "./widgets.js";
import { capital, degrees, range, span, word } from "./words.js";

/** @param {Session} session */
export function curvesSection(session) {
  const { report, points, answer, edited } = session;
  const machine = edited ? matches(report.curves, answer.report.curves) : new Map();
  const matched = new Set(machine.values());
  const others = edited ? answer.report.curves.filter((c) => !matched.has(c)) : [];
  return section("Curves", "p-curves", "",
    report.curves.length
      ? h("ul", { class: "curves" }, report.curves.map((curve, i) =>
        curveItem(session, curve, i, machine.get(curve) ?? null)))
      : h("p", {}, "No curve of 10 degrees or more."),
    others.length
      ? h("p", { class: "soft" }, "The machine also read ", others.map((c) =>
        `${span(c.upper, c.lower)} ${degrees(c.cobb_deg)} (${range(c.interval_deg)})`).join(", "), ".")
      : null,
    h("div", { class: "row" },
      points.ends
        ? button("Choose end vertebrae automatically", () => {
          session.apply(withEnds(session.points, null), "end vertebrae chosen automatically");
        }, { id: "ends-auto" })
        : null,
      button("Measure another curve", () => session.apply(
        withEnds(session.points, [...endsOf(session.report.curves), another(session)]), "another curve",
      ), { id: "ends-add", class: "quiet" })),
    h("p", { class: "soft" }, "Cobb angle with the range that holds it in 90 % of cases. ",
      report.curves.some((c) => c.patient_side)
        ? "Sides are the patient's."
        : "Sides are those of the picture; the patient's side is not known."));
}

/** @param {readonly Curve[]} curves @returns {Ends[]} */
const endsOf = (curves) => curves.map(({ upper, lower }) => ({ upper, lower }));

/** The machine's curve for each edited one: of the same ends, else of the same region and side.
 * @param {Curve[]} curves @param {Curve[]} machine @returns {Map<Curve, Curve>} */
function matches(curves, machine) {
  /** @type {Map<Curve, Curve>} */
  const found = new Map();
  const free = new Set(machine);
  for (const same of [
    (/** @type {Curve} */ a, /** @type {Curve} */ b) => a.upper === b.upper && a.lower === b.lower,
    (/** @type {Curve} */ a, /** @type {Curve} */ b) =>
      a.region === b.region && a.convex_side === b.convex_side,
  ]) {
    for (const curve of curves) {
      const mate = found.has(curve) ? undefined : [...free].find((m) => same(curve, m));
      if (!mate) continue;
      found.set(curve, mate);
      free.delete(mate);
    }
  }
  return found;
}

/** Ends that no curve has yet. @param {Session} session @returns {Ends} */
function another({ report, points }) {
  const levels = levelsOf(points);
  const taken = new Set(report.curves.map((c) => span(c.upper, c.lower)));
  for (let size = levels.length - 1; size >= 2; size--) {
    for (let k = 0; k + size < levels.length; k++) {
      const ends = { upper: levels[k], lower: levels[k + size] };
      if (!taken.has(span(ends.upper, ends.lower))) return ends;
    }
  }
  return { upper: levels[0], lower: levels[levels.length - 1] };
}

/** @param {Session} session @param {Curve} curve @param {number} i @param {Curve | null} machine */
function curveItem(session, curve, i, machine) {
  const levels = levelsOf(session.points), row = (/** @type {string} */ v) => LEVELS.indexOf(v);
  const side = curve.patient_side
    ? `convex to the patient's ${curve.patient_side}` : `convex to the picture's ${curve.convex_side}`;
  /** @param {Partial<Ends>} other */
  const choose = (other) => {
    const ends = endsOf(session.report.curves);
    ends[i] = { ...ends[i], ...other };
    session.apply(withEnds(session.points, ends), "end vertebrae");
  };
  const chooser = (/** @type {"upper" | "lower"} */ end) => {
    const allowed = levels.filter((v) => end === "upper"
      ? row(curve.lower) - row(v) >= 2 : row(v) - row(curve.upper) >= 2);
    return select({
      id: `end-${i}-${end}`, "aria-label": `${capital(end)} end vertebra of curve ${i + 1}`,
      on: { change: (/** @type {Event} */ e) =>
        choose({ [end]: /** @type {HTMLSelectElement} */ (e.target).value }) },
    }, allowed.map((v) => [v, v]), curve[end]);
  };
  const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = CURVE_COLOURS[i % CURVE_COLOURS.length];
  return h("li", { class: "curve-item" },
    h("div", { class: "curve-figure" }, swatch,
      h("strong", { class: "angle", "data-curve": i }, degrees(curve.cobb_deg)),
      h("span", { class: "soft" }, range(curve.interval_deg))),
    h("div", { class: "curve-name" },
      h("span", {}, capital(word("regions", curve.region))),
      h("span", { class: "soft" }, `apex ${curve.apex}, ${side}`),
      machine
        ? h("span", { class: "machine" }, `machine: ${degrees(machine.cobb_deg)} `,
          `(${range(machine.interval_deg)}), ${span(machine.upper, machine.lower)}, apex ${machine.apex}`)
        : session.edited ? h("span", { class: "machine" }, "machine: no such curve") : null),
    h("div", { class: "ends" }, chooser("upper"), h("span", { "aria-hidden": "true" }, "to"), chooser("lower"),
      curve.ends_by === "reader"
        ? h("span", { class: "by" }, "by hand ", button(`Leave out the curve ${span(curve.upper, curve.lower)}`,
          () => session.apply(withEnds(session.points, endsOf(session.report.curves).filter((_, k) => k !== i)), "a curve left out"),
          { icon: "out", bare: true, class: "quiet", id: `end-${i}-out` }))
        : null));
}
