/** The ALS type and the sagittal shape, with the facts that decided. */

/** @import { Als, Fact, Sagittal } from "./types.js" */

import { h } from "./dom.js";
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
          fact.threshold === null ? null : h("small", {}, "held against ",
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

/** @param {Sagittal} shape @param {Sagittal | null} machine */
function axes(shape, machine) {
  return table("Each curve against the norm that was made for its levels",
    ["Curve", ["Measured"], ["Normal"], "Found"],
    shape.axes.map((axis) => {
      const name = capital(measurementName(axis.measurement ?? axis.name));
      if (axis.value === null) return [name, "", "", "not judged: no norm fits"];
      const was = machine?.axes.find((a) => a.measurement === axis.measurement)?.value;
      const could = axis.alternatives.map((p) => word("positions", p)).join(" or ");
      return [
        name,
        figure(quantity(axis.value, "deg"), [range(axis.interval),
          was === undefined || was === null ? "" : `machine ${quantity(was, "deg")}`].filter(Boolean).join("; ")),
        figure("", range(axis.borders)),
        `${axis.position ? word("positions", axis.position) : "not sure"}${could ? `, could be ${could}` : ""}`,
      ];
    }));
}
