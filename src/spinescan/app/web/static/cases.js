/** All cases: pseudonyms and how many films each has. */

import * as api from "./api.js";
import { h, tell } from "./dom.js";
import { button, errorText, field, showPage } from "./widgets.js";

export async function casesPage() {
  const cases = await api.getCases();
  const name = h("input", { name: "pseudonym", maxlength: 64, required: true, autocomplete: "off" });
  const form = h("form", { class: "row", on: { submit: (/** @type {Event} */ e) => {
    e.preventDefault();
    void api.newCase(name.value.trim()).then(
      (made) => (location.hash = `#case/${made.id}`),
      (error) => tell(errorText(error), "wrong"),
    );
  } } }, field("Pseudonym of a new case", name, "Never a name, a date of birth or a hospital number."),
  h("button", { type: "submit" }, "Make"));
  showPage("Cases", h("div", { class: "sheet" },
    h("h1", {}, "Cases"),
    cases.length
      ? h("ul", { class: "films" }, cases.map((c) => h("li", {},
        h("a", { class: "film-name", href: `#case/${encodeURIComponent(c.id)}` }, c.pseudonym),
        h("span", { class: "soft" }, described(c.scans.map((s) => s.taken_on))))))
      : h("p", { class: "soft" }, "No case yet. Scan a film and save it to one."),
    h("h2", {}, "New case"), form,
    h("h2", {}, "For training"),
    h("p", { class: "soft" }, "All corrected films with their points, as a manifest that the landmark models can be trained on."),
    button("Download the manifest", () => void api.exportManifest().catch((error) =>
      tell(errorText(error), "wrong")), { icon: "download", disabled: !cases.length })));
}

/** @param {string[]} days */
function described(days) {
  if (!days.length) return "no films";
  const [first, last] = [days.reduce((a, b) => (a < b ? a : b)), days.reduce((a, b) => (a > b ? a : b))];
  const when = first === last ? first : `${first} to ${last}`;
  return `${days.length} ${days.length === 1 ? "film" : "films"}, ${when}`;
}
