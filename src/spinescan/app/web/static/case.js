/** One case: its films, how the curves went over time, and what was done to it. */

/** @import { Case, CaseScan, TimePoint, TrailEntry } from "./types.js" */

import * as api from "./api.js";
import { h, tell } from "./dom.js";
import { timePlot } from "./plot.js";
import { forgetSession } from "./session.js";
import { table } from "./table.js";
import { button, confirmed, errorText, select, showPage } from "./widgets.js";
import { capital, degrees, moment, range, span, word } from "./words.js";

/** @param {string} id */
export async function casePage(id) {
  const found = await api.getCase(id);
  const [timeline, trail] = await Promise.all([
    found.scans.length ? api.getTimeline(id) : [], api.getTrail(id),
  ]);
  const scans = [...found.scans].sort((a, b) => a.taken_on.localeCompare(b.taken_on));
  showPage(found.pseudonym, h("div", { class: "sheet broad" },
    h("h1", {}, "Case ", found.pseudonym),
    h("div", { class: "row" },
      button("Export", () => void api.exportCase(id).catch(wrong), { icon: "download", id: "case-export" }),
      button("Delete the case", () => void remove(found), { class: "danger", id: "case-delete" })),
    h("h2", {}, "Films"), films(found, scans),
    scans.length > 1 ? compareForm(id, scans) : null,
    timeline.length ? overTime(timeline) : null,
    trailSection(trail, scans)));
}

/** @param {unknown} error */
const wrong = (error) => tell(errorText(error), "wrong");

/** @param {Case} found @param {CaseScan[]} scans */
function films(found, scans) {
  if (!scans.length) return h("p", { class: "soft" }, "No film yet. Scan one and save it to this case.");
  return h("ul", { class: "films" }, scans.map((s) => h("li", {},
    h("span", { class: "film-name" }, s.taken_on, " ", h("span", { class: "soft" }, s.view), " ",
      s.edited ? h("span", { class: "pill edited" }, "Edited") : null),
    h("span", { class: "soft" }, `saved ${moment(s.saved_at)}`),
    h("a", { class: "button", href: `#film/${encodeURIComponent(s.id)}`, "aria-label": `Open the film of ${s.taken_on}` }, "Open"),
    button(`Delete the film of ${s.taken_on}`, () => void removeFilm(found, s), { icon: "bin", bare: true, class: "quiet" }))));
}

/** @param {Case} found @param {CaseScan} scan */
async function removeFilm(found, scan) {
  const sure = await confirmed(`Delete the film of ${scan.taken_on}?`,
    "The film and its edits are deleted for good.", "Delete the film");
  if (!sure) return;
  try {
    await api.deleteCaseScan(found.id, scan.id);
    forgetSession(scan.id);
    await casePage(found.id);
    tell("Deleted.");
  } catch (error) {
    wrong(error);
  }
}

/** @param {string} id @param {CaseScan[]} scans */
function compareForm(id, scans) {
  const options = scans.map((s) => /** @type {[string, string]} */ ([s.id, `${s.taken_on}, ${s.view}`]));
  const first = select({ id: "compare-first", "aria-label": "First film" }, options, scans[scans.length - 2].id);
  const second = select({ id: "compare-second", "aria-label": "Second film" }, options, scans[scans.length - 1].id);
  return h("div", { class: "row" }, h("span", {}, "Compare"), first, h("span", {}, "with"), second,
    button("Side by side", () => {
      location.hash = `#compare/${[id, first.value, second.value].map(encodeURIComponent).join("/")}`;
    }, { id: "compare-go" }));
}

/** @param {TimePoint[]} timeline */
function overTime(timeline) {
  const names = [...new Set(timeline.flatMap((t) => t.curves.map((c) => span(c.upper, c.lower))))];
  return h("section", { "aria-labelledby": "over-time" },
    h("h2", { id: "over-time" }, "Over time"),
    h("p", { class: "soft" }, "End vertebrae of the first film on every film, with the range that holds the angle in 90 % of cases."),
    names.length ? timePlot(timeline) : h("p", {}, "No curve to follow."),
    names.length ? h("details", { id: "d-timeline" }, h("summary", {}, "The same as a table"),
      table("Cobb angles of each film", ["Taken on", ...names, "Remarks"],
        timeline.map((t) => [t.taken_on, ...names.map((name) => {
          const curve = t.curves.find((c) => span(c.upper, c.lower) === name);
          return curve ? angle(curve) : "";
        }), [t.edited && "edited", t.in_brace && "in brace"].filter(Boolean).join(", ")]))) : null);
}

/** @param {TimePoint["curves"][number]} curve */
const angle = (curve) => curve.cobb_deg === null
  ? "not measured" : `${degrees(curve.cobb_deg)} (${range(curve.interval_deg)})`;

/** @param {TrailEntry[]} trail @param {CaseScan[]} scans */
function trailSection(trail, scans) {
  const days = new Map(scans.map((s) => [s.id, s.taken_on]));
  return h("section", { "aria-labelledby": "trail" },
    h("h2", { id: "trail" }, "What was done"),
    h("ol", { class: "films" }, trail.map((entry) => h("li", {},
      h("span", { class: "film-name" }, capital(word("deeds", entry.what)),
        entry.scan ? `, film of ${days.get(entry.scan) ?? "a deleted day"}` : ""),
      h("span", { class: "soft" }, `${moment(entry.at)}${entry.by ? `, by ${entry.by}` : ""}`)))));
}

/** @param {Case} found */
async function remove(found) {
  const films = found.scans.length;
  const sure = await confirmed(`Delete the case ${found.pseudonym}?`,
    `Its ${films} ${films === 1 ? "film" : "films"}, edits and trail are deleted for good. Export it first if it is still needed.`,
    "Delete everything");
  if (!sure) return;
  try {
    await api.deleteCase(found.id);
    found.scans.forEach((s) => forgetSession(s.id));
    tell("Deleted.");
    location.hash = "#cases";
  } catch (error) {
    wrong(error);
  }
}
