/** Downloads of a result, and saving a film to a case. */

/** @import { About, Case } from "./types.js" */
/** @import { Session } from "./session.js" */

import * as api from "./api.js";
import { h, tell } from "./dom.js";
import { button, dialog, errorText, field, menu } from "./widgets.js";
import { clock } from "./words.js";

/** @type {[string, string][]} */
const KINDS = [
  ["report.pdf", "PDF, one page"],
  ["overlay.png", "PNG, film with overlay"],
  ["page.html", "HTML page, with all figures"],
  ["report.csv", "CSV, all figures"],
  ["report.json", "JSON report"],
];

/** In the study of the film's header: not for pictures, nor for films in cases. */
/** @type {[string, string][]} */
const DICOM_KINDS = [
  ["report.dcm", "DICOM SR, for the archive"],
  ["overlay.dcm", "DICOM picture, film with overlay"],
];

/** @param {Session} session */
export function downloads(session) {
  /** @param {string} kind @param {Event} event */
  const get = async (kind, event) => {
    const opener = /** @type {HTMLElement} */ (event.currentTarget);
    /** @type {HTMLElement | null} */ (opener.closest("[popover]"))?.hidePopover();
    tell("Preparing the file ...");
    try {
      await api.download(session.answer.id, kind, session.shown);
      tell("Downloaded. Research use only.");
    } catch (error) {
      tell(`Not downloaded: ${errorText(error)}`, "wrong");
    }
  };
  /** @param {[string, string][]} kinds */
  const buttons = (kinds) =>
    kinds.map(([kind, text]) => button(text, (e) => void get(kind, e), { "data-kind": kind }));
  const dicom = buttons(DICOM_KINDS);
  const [opener, panel] = menu("Download", "download", [
    h("p", { class: "soft" }, "With the points as they are on the screen now."),
    ...buttons(KINDS), ...dicom,
  ]);
  panel.addEventListener("beforetoggle", () => { // a film that was saved has none any more
    for (const each of dicom) each.hidden = !session.answer.dicom_results;
  });
  return [opener, panel];
}

/** What is said and may be done about saving. @param {Session} session @param {About} about */
export function keeping(session, about) {
  const { answer } = session;
  if (answer.case_id) {
    return [
      button(session.unsaved ? "Save edits" : "Saved", () => void saveEdits(session), {
        icon: "save", id: "save-edits", class: session.unsaved ? "primary" : "", disabled: !session.unsaved,
      }),
      h("a", { class: "button quiet", href: `#case/${encodeURIComponent(answer.case_id)}` }, "Open the case"),
    ];
  }
  return [
    about.cases ? button("Save to a case", () => void saveToCase(session), { icon: "save", id: "save-case" }) : null,
    answer.expires_at ? h("p", { class: "soft expires" },
      `Deleted from the server at ${clock(answer.expires_at)}${about.cases ? " unless saved." : "."}`) : null,
  ];
}

/** @param {Session} session */
async function saveEdits(session) {
  const { edit, answer } = session;
  try {
    session.renew(await (edit ? api.saveEdit(answer.id, edit) : api.dropEdit(answer.id)));
    tell("Saved. The machine's answer is kept beside it.");
  } catch (error) {
    tell(`Not saved: ${errorText(error)}`, "wrong");
  }
}

/** @param {Session} session */
async function saveToCase(session) {
  try {
    const cases = await api.getCases();
    const form = await dialog("Save to a case", fields(cases), "Save");
    if (!form) return;
    const pseudonym = String(form.get("pseudonym") ?? "").trim();
    const id = String(form.get("case") ?? "") || (await api.newCase(pseudonym)).id;
    session.renew(await api.saveScan(id, session.answer.id, String(form.get("taken_on")), session.edit));
    tell("Saved to the case.");
  } catch (error) {
    tell(`Not saved: ${errorText(error)}`, "wrong");
  }
}

/** @param {Case[]} cases */
function fields(cases) {
  const name = h("input", { name: "pseudonym", maxlength: 64, required: !cases.length, autocomplete: "off" });
  const which = h("select", { name: "case", on: { change: () => {
    name.required = which.value === "";
    fresh.hidden = which.value !== "";
  } } }, cases.map((c) => h("option", { value: c.id }, `${c.pseudonym} (${c.scans.length})`)),
  h("option", { value: "" }, "A new case"));
  const fresh = field("Pseudonym", name, "Never a name, a date of birth or a hospital number.");
  fresh.hidden = cases.length > 0;
  const today = new Date().toLocaleDateString("en-CA"); // YYYY-MM-DD, here and now
  return [
    cases.length ? field("Case", which) : null,
    fresh,
    field("Film taken on", h("input", { name: "taken_on", type: "date", required: true, max: today })),
  ];
}
