/** What was found, in words: from the answer itself down to the models that gave it. */

/** @import { Child } from "./dom.js" */
/** @import { Report } from "./types.js" */
/** @import { Session } from "./session.js" */

import { h } from "./dom.js";
import { classifiers, disagreements, measurements } from "./panel_classifiers.js";
import { curvesSection } from "./panel_curves.js";
import { alsSection, sagittalSection } from "./panel_verdict.js";
import { originOf, withCertain } from "./points.js";
import { capital, word } from "./words.js";

/** @param {string} title @param {string} id @param {string} kind @param {...(Child | Child[])} children */
export function section(title, id, kind, ...children) {
  return h("section", { class: kind || null, "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

/** @param {string[]} codes */
export const reasons = (codes) => codes.map((code) => word("reasons", code));

/** All that follows from the points; drawn anew whenever they are measured.
 * @param {Session} session @returns {Child[]} */
export function answerSections(session) {
  const { report, answer } = session;
  return [
    head(session),
    abstention(report),
    session.edited ? refused(session) : null,
    session.trouble ? section("Not measured", "p-trouble", "warn",
      h("p", {}, session.trouble),
      h("p", { class: "soft" }, "The figures below are those of the last points that could be measured."))
      : null,
    disagreements(report),
    report.view !== "lateral" && (report.decision === "accepted" || report.curves.length > 0)
      ? curvesSection(session) : null,
    report.als ? alsSection(report.als, session.edited ? answer.report.als : null) : null,
    report.sagittal
      ? sagittalSection(report.sagittal, session.edited ? answer.report.sagittal : null) : null,
    notes(session),
    afterwards(session, "p-classifiers", () => classifiers(report)),
    afterwards(session, "p-measurements", () =>
      measurements(report, session.edited ? answer.report : null)),
  ];
}

/** What nobody reads while a point is under way is drawn when it has come to rest.
 * @param {Session} session @param {string} id @param {() => Child} make */
function afterwards(session, id, make) {
  return (session.preview && document.getElementById(id)?.closest("section")) || make();
}

/** @param {Session} session */
function head({ report, answer, edited, unsaved, machine, points }) {
  const view = report.view === "other" ? "No spine film" : `${capital(report.view)} view`;
  const count = [...points.places.keys()].filter((n) => originOf(points, machine, n) !== "machine").length;
  const told = [
    report.edited && points.told ? null : answer.told.in_brace && "in brace",
    answer.told.age, answer.told.posture,
  ].filter(Boolean).join(", ");
  return h("div", { class: "panel-head" },
    h("h1", {}, view, " ",
      edited
        ? h("span", { class: "pill edited", id: "edited-pill" }, "Edited")
        : h("span", { class: "pill" }, report.decision === "accepted" ? "As the machine read it" : "No answer")),
    edited ? h("p", { class: "soft" },
      `${count} ${count === 1 ? "point differs" : "points differ"} from the machine's`,
      points.ends ? "; end vertebrae chosen by hand" : "",
      unsaved ? "; not saved to a case yet." : "; saved.",
      " The machine's figures stand beside the edited ones.") : null,
    told ? h("p", { class: "soft" }, `Told: ${told}.`) : null);
}

/** @param {Report} report */
function abstention(report) {
  if (report.decision !== "abstained") return null;
  const said = reasons(report.reasons);
  return section("No answer was given for this film", "p-abstained", "warn",
    h("ul", {}, (said.length ? said : ["No reason was given."]).map((text) => h("li", {}, text))),
    report.landmarks
      ? h("p", { class: "soft" }, "The points on the film are those that were refused. Correct them all, or place them anew, and the film is measured from yours.")
      : null);
}

/** What a reader must know who has corrected a film that the machine declined. @param {Session} session */
function refused({ answer, points, machine }) {
  if (answer.report.decision !== "abstained") return null;
  const kept = [...points.places.keys()].filter((n) => originOf(points, machine, n) === "machine").length;
  return section("The machine gave no answer for this film", "p-refused", "warn",
    h("ul", {}, reasons(answer.report.reasons).map((text) => h("li", {}, text))),
    h("p", {}, kept
      ? `${kept} of ${points.places.size} points are still the refused ones: what is measured below is worth no more than they are.`
      : "What is measured below rests on the reader's points alone."));
}

/** Warnings, but for what is said beside the classifiers. @param {Session} session */
function notes(session) {
  const { report, points } = session;
  const texts = report.warnings.filter((w) => w.code !== "calibration");
  const uncertain = points.places.size > 0 && !session.machine.certain && report.decision === "accepted";
  if (!texts.length && !uncertain) return null;
  return section("Please note", "p-notes", "warn",
    h("ul", {}, texts.map((w) => h("li", {}, w.text))),
    uncertain ? h("label", { class: "check" },
      h("input", {
        type: "checkbox", id: "names-checked", checked: points.certain,
        on: { change: (/** @type {Event} */ e) => {
          const box = /** @type {HTMLInputElement} */ (e.target);
          session.apply(withCertain(session.points, box.checked), "whether the names are certain");
        } },
      }), "I have counted the level names: they are right") : null);
}
