/** The ALS type and the sagittal shape, with the facts that decided. */

/** @import { Als, Fact, Sagittal } from "./types.js" */

import { h } from "./dom.js";
import { CURVE_COLOURS } from "./overlay.js";
import { reasons, section } from "./panel.js";
import { figure, table } from "./table.js";
import { capital, measurementName, quantity, range, said, word } from "./words.js";

/** @param {string[]} codes */
const because = (codes) => reasons(codes).map((text) => h("p", {}, text));

/** @param {Als} als @param {Als | null} machine shown beside an edited one */
export function alsSection(als, machine) {
  return section("ALS type (provisional)", "p-als", "",
    h("p", { class: "answer" }, h("span", { id: "als-type" }, als.type ?? "No type"),
      als.family ? h("small", {}, `family ${als.family}`) : null),
    machine ? h("p", { class: "machine" }, `machine: ${machine.type ?? "no type"}`,
      machine.family ? `, family ${machine.family}` : "") : null,
    als.alternatives.length
      ? h("p", {}, `Could also be ${als.alternatives.join(" or ")}: a small change of what was measured would change the type.`)
      : null,
    because(als.reasons),
    facts(als.facts, "f-als"),
    h("p", { class: "soft" },
      "The rules and thresholds have not been tested against films with known ALS types: none are public."));
}

/** @param {Fact[]} list @param {string} id */
function facts(list, id) {
  if (!list.length) return null;
  return h("details", { id, open: true },
    h("summary", {}, "The facts that decided"),
    h("ul", { class: "facts" }, list.map((fact) => h("li", {},
      h("span", {}, fact.text),
      typeof fact.value === "number"
        ? h("span", { class: "fact-figures" },
          h("strong", {}, quantity(fact.value, fact.unit)),
          fact.threshold === null ? null : h("span", {}, "held against ",
            quantity(fact.threshold, fact.code === "curves" ? "deg" : fact.unit)))
        : null))));
}

/** @param {Sagittal} shape @param {Sagittal | null} machine */
export function sagittalSection(shape, machine) {
  return section("Sagittal shape (provisional)", "p-sagittal", "",
    h("p", { class: "answer" }, h("span", { id: "sagittal-label" }, capital(shape.label ?? "No class"))),
    shape.label ? h("p", {}, `${capital(word("shapes", shape.label))}.`) : null,
    machine ? h("p", { class: "machine" }, `machine: ${machine.label ?? "no class"}`) : null,
    shape.alternatives.length ? h("p", {}, `Could also be ${shape.alternatives.join(" or ")}.`) : null,
    because(shape.reasons),
    axes(shape, machine),
    shape.slips.length ? table("Slips, in percent of the endplate below",
      ["Vertebra", ["Slip"], "To the", "Grade (Meyerding)"],
      shape.slips.map((slip) => [
        `${slip.upper} on ${slip.lower}`,
        figure(quantity(Math.abs(slip.percent), "%"), range(slip.interval, "%")),
        slip.direction === "forward" ? "front" : "back",
        `${slip.grade ?? "not sure"}${slip.alternatives.length ? `, could be ${slip.alternatives.join(" or ")}` : ""}`,
      ])) : null,
    facts(shape.facts, "f-sagittal"),
    h("p", { class: "soft" }, said("notes", "sagittal")));
}

/** Kyphosis and lordosis, each against its norm. @param {Sagittal} shape @param {Sagittal | null} machine */
function axes(shape, machine) {
  return h("ul", { class: "curves" }, shape.axes.map((axis, i) => {
    const name = capital(measurementName(axis.measurement ?? axis.name));
    if (axis.value === null) {
      return h("li", { class: "curve-item" }, h("span", {}, name), h("span", { class: "soft" }, "not judged: no norm fits"));
    }
    const was = machine?.axes.find((a) => a.measurement === axis.measurement);
    const could = axis.alternatives.map((p) => word("positions", p)).join(" or ");
    const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = CURVE_COLOURS[i];
    return h("li", { class: "curve-item" },
      h("div", { class: "curve-figure" }, swatch,
        h("strong", { class: "angle" }, quantity(axis.value, "deg")),
        h("span", { class: "soft" }, range(axis.interval))),
      h("span", { class: "ends" }, axis.position ? word("positions", axis.position) : "not sure",
        could ? `, could be ${could}` : ""),
      h("div", { class: "curve-name" }, h("span", {}, name),
        h("span", { class: "soft" }, `normal from ${range(axis.borders)}`),
        was ? h("span", { class: "machine" }, `machine: ${quantity(was.value, "deg")} (${range(was.interval)})`) : null));
  }));
}
