/** Classifiers beside what was measured, where they disagree, and all measurements. */

/** @import { Bundle, Measurement, Prediction, Report } from "./types.js" */

import { h } from "./dom.js";
import { reasons, section } from "./panel.js";
import { figure, table } from "./table.js";
import { capital, measurementName, quantity, range, said, word } from "./words.js";

/** What the same question was answered with by measuring; undefined where it was not asked.
 * @param {Prediction} prediction @param {Report} report
 * @returns {{ answer: string | null, question: string } | undefined} */
function measuredAnswer(prediction, report) {
  const { task } = prediction, shape = report.sagittal;
  if (task === "als7" && report.als) return { answer: report.als.type, question: "ALS type" };
  if (task === "sagittal3" && shape) return { answer: shape.label, question: "sagittal shape" };
  if ((task === "kyphosis" || task === "lordosis") && shape) {
    const off = shape.label === task || shape.label === "both";
    return { answer: shape.label === null ? null : off ? task : "healthy", question: task };
  }
  if (task === "fraiwan3" && report.view === "frontal" && report.decision === "accepted") {
    return { answer: report.curves.length ? "scoliosis" : "normal", question: "scoliosis" };
  }
  return undefined;
}

/** @param {Report} report */
export function disagreements(report) {
  const found = report.predictions.flatMap((prediction) => {
    const measured = measuredAnswer(prediction, report);
    if (!measured || prediction.label === null || prediction.label === measured.answer) return [];
    const family = (/** @type {string | null} */ type) => /^[34]C/.exec(type ?? "")?.[0];
    const families = prediction.task === "als7" && measured.answer !== null
      && family(prediction.label) !== family(measured.answer);
    return [h("li", {},
      h("strong", {}, `${capital(measured.question)}: `),
      `measured ${measured.answer ?? "none"}, classifier ${prediction.bundle} says ${prediction.label}`,
      prediction.decision === "abstained" ? " (it would not stand by it)" : "", ".",
      families ? " These are different families: the pelvic correction would be reversed." : "")];
  });
  if (!found.length) return null;
  return section("Measuring and classifier disagree", "p-disagree", "warn disagree",
    h("ul", {}, found),
    h("p", { class: "soft" }, "Neither is proof. What was measured can be checked on the film; the classifier saw the picture alone."));
}

/** @param {Report} report */
export function classifiers(report) {
  const asked = report.predictions;
  if (!asked.length) return null;
  return section("Classifiers: second opinions", "p-classifiers", "",
    asked.map((p) => h("div", { class: "opinion" },
      h("h3", {}, capital(word("tasks", p.task))),
      h("p", {}, h("strong", {}, p.label ?? "No answer"),
        p.prediction_set.length ? `, labels that fit: ${p.prediction_set.join(", ")}` : "",
        p.decision === "abstained" && p.label ? ", not accepted" : ""),
      bars(p),
      [...reasons(p.reasons), said("caveats", p.task)]
        .map((text) => text && h("p", { class: "soft" }, text)))),
    report.warnings.filter((w) => w.code === "calibration").map((w) => h("p", { class: "soft" }, w.text)));
}

/** @param {Prediction} prediction */
function bars({ scores, prediction_set, bundle, task }) {
  const order = Object.entries(scores).sort((a, b) => b[1] - a[1]);
  if (!order.length) return null;
  return h("ul", { class: "bars", "aria-label": `Scores of ${bundle} for ${word("tasks", task)}` },
    order.map(([label, score]) => {
      const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span", {}));
      /** @type {HTMLElement} */ (bar.firstElementChild).style.width = `${100 * score}%`;
      return h("li", { class: prediction_set.includes(label) ? "fits" : null },
        h("span", { class: "bar-name" }, label), bar,
        h("span", { class: "bar-value" }, `${quantity(100 * score, "%")}`));
    }));
}

/** @param {Report} report @param {Report | null} machine */
export function measurements(report, machine) {
  if (!report.measurements.length) return null;
  const key = (/** @type {Measurement} */ m) => `${m.name} ${m.levels.join()}`;
  const was = new Map(machine?.measurements.map((m) => [key(m), m.value]) ?? []);
  return section("Measurements", "p-measurements", "",
    h("details", { id: "d-measurements" },
      h("summary", {}, `${report.measurements.length} values with their levels and definitions`),
      table("Each value with the levels it was measured at and its definition",
        ["Measurement", ["Value"], ...(machine ? [/** @type {[string]} */ (["Machine"])] : []), "Levels", "Method"],
        report.measurements.map((m) => [
          measurementName(m.name),
          figure(quantity(m.value, m.unit), range(m.interval, m.unit)),
          ...(machine ? [figure("", quantity(was.get(key(m)) ?? null, m.unit))] : []),
          m.levels.join(", "), h("span", { class: "soft" }, m.method),
        ]))));
}

/** The models that took part, with their cards. @param {Report} report @param {Bundle[]} bundles */
export function models(report, bundles) {
  return section("Models", "p-models", "",
    report.bundles.map(({ name, version }) => {
      const card = bundles.find((b) => b.name === name)?.card;
      return card
        ? h("details", {}, h("summary", {}, `${name} ${version}: model card`), h("pre", { tabindex: 0 }, card))
        : h("p", {}, `${name} ${version}`);
    }));
}
