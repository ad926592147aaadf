/** Adding and taking away vertebrae, and moving all their names by one. */

/** @import { Session } from "./session.js" */

import { announce, h } from "./dom.js";
import { section } from "./panel.js";
import {
  EXTRAS, LEVELS, added, addedExtra, canShift, column, inserted, levelsOf, removed, shifted,
} from "./points.js";
import { button, select } from "./widgets.js";

/** @param {Session} session */
export function levelTools(session) {
  const { points } = session, levels = levelsOf(points);
  if (!levels.length) return byHand(session);
  /** @param {ReturnType<typeof shifted>} next @param {string} what */
  const apply = (next, what) => {
    session.apply(next, what);
    announce(what);
  };
  return section("Vertebrae", "p-levels", "",
    h("p", {}, levels.length ? `${levels[0]} to ${levels[levels.length - 1]}, ${levels.length} levels on the film.` : ""),
    h("div", { class: "row" },
      h("span", { id: "shift-text" }, "All names"),
      ...(/** @type {[1 | -1, string, string][]} */ ([[-1, "one up", "names-up"], [1, "one down", "names-down"]]))
        .map(([by, text, id]) => button(text, () => apply(shifted(session.points, by), `all level names ${text}`), {
          id, disabled: !canShift(points, by), "aria-describedby": "shift-text",
          title: by < 0 ? "What is called T6 becomes T5" : "What is called T5 becomes T6",
        }))),
    adding(session, levels, apply),
    removing(session, levels, apply),
    session.report.decision === "abstained" ? anew(session) : null);
}

/** @param {Session} session @param {string[]} levels @param {(next: any, what: string) => void} apply */
function adding(session, levels, apply) {
  const { points } = session;
  const missing = LEVELS.filter((v) => !levels.includes(v));
  const between = levels.slice(0, -1).filter((v, i) =>
    LEVELS.indexOf(levels[i + 1]) === LEVELS.indexOf(v) + 1);
  const extras = Object.entries(EXTRAS[points.view]).filter(([, names]) =>
    !names.every((name) => points.places.has(name)));
  const first = LEVELS.indexOf(levels[0]);
  const near = missing.find((v) => LEVELS.indexOf(v) > first) ?? missing[missing.length - 1];
  const choice = h("select", { id: "add-what", "aria-label": "What to add" },
    missing.length ? h("optgroup", { label: "Missing levels" },
      missing.map((v) => h("option", { value: `level ${v}`, selected: v === near }, v))) : null,
    between.length ? h("optgroup", { label: "Overlooked; names below move down" },
      between.map((v) => h("option", { value: `between ${v}` }, `between ${v} and ${LEVELS[LEVELS.indexOf(v) + 1]}`))) : null,
    extras.length ? h("optgroup", { label: "Other points" },
      extras.map(([what]) => h("option", { value: `extra ${what}` }, what))) : null);
  return h("div", { class: "row" }, h("span", {}, "Add"), choice,
    button("Add", () => {
      const [kind, ...rest] = choice.value.split(" "), what = rest.join(" ");
      if (kind === "level") apply(added(session.points, what), `${what} added, computed from its neighbours; drag its corners into place`);
      else if (kind === "between") apply(inserted(session.points, what), `a vertebra added below ${what}; drag its corners into place`);
      else apply(addedExtra(session.points, what), `${what} added; drag the points into place`);
    }, { id: "add-level" }));
}

/** @param {Session} session @param {string[]} levels @param {(next: any, what: string) => void} apply */
function removing(session, levels, apply) {
  const { points } = session;
  const extras = Object.entries(EXTRAS[points.view]).filter(([, names]) =>
    names.some((name) => points.places.has(name)));
  const choice = select({ id: "remove-what", "aria-label": "What to remove" },
    [...levels, ...extras.map(([what]) => what)].map((v) => [v, v]), levels[levels.length - 1]);
  const close = h("input", { type: "checkbox", id: "close-gap" });
  return h("div", { class: "row" }, h("span", {}, "Remove"), choice,
    button("Remove", () => apply(removed(session.points, choice.value, close.checked), `${choice.value} removed`),
      { id: "remove-level", disabled: levels.length < 2 }),
    h("label", { class: "check" }, close, "names below move up"));
}

/** A film without points: a reader may place them. @param {Session} session */
const byHand = (session) => section("Place the points by hand", "p-levels", "", anew(session));

/** @param {Session} session */
function anew(session) {
  const { report } = session.answer;
  const place = (/** @type {"frontal" | "lateral"} */ view) =>
    session.apply(column(view, report), "points placed by hand");
  return h("div", {},
    h("p", { class: "soft" }, "Or put a new row of vertebrae on the film and drag the corners into place:"),
    h("div", { class: "row" },
      button("Frontal film", () => place("frontal"), { id: "by-hand-frontal" }),
      button("Lateral film", () => place("lateral"), { id: "by-hand-lateral" })));
}
