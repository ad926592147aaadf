/** Buttons, menus and dialogs that all pages share. */

/** @import { Child, Props } from "./dom.js" */

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {string} text
 * @param {(event: MouseEvent) => void} click
 * @param {Props & { icon?: string, bare?: boolean }} [props] bare: the icon alone is seen
 */
export function button(text, click, props = {}) {
  const { icon: name, bare, class: kind, ...rest } = props;
  return h("button", {
    type: "button", class: `${kind ?? ""}${bare ? " bare" : ""}`.trim() || null,
    ...(bare ? { "aria-label": text, title: text } : {}),
    ...rest, on: { click },
  }, name ? icon(name) : null, bare ? null : h("span", {}, text));
}

let menus = 0;

/**
 * A button that opens a small panel above everything.
 * @param {string} text @param {string} name of the icon @param {Child[]} content
 * @param {Props & { bare?: boolean }} [props]
 */
export function menu(text, name, content, props = {}) {
  const id = `menu-${++menus}`;
  const panel = h("div", { id, class: "menu", popover: "auto", role: "group", "aria-label": text },
    content);
  const opener = button(text, () => {}, { icon: name, ...props, popovertarget: id, "aria-expanded": "false" });
  panel.addEventListener("toggle", () => {
    const shown = panel.matches(":popover-open");
    opener.setAttribute("aria-expanded", String(shown));
    if (!shown) return;
    const box = opener.getBoundingClientRect(), size = panel.getBoundingClientRect();
    const below = box.bottom + 6 + size.height <= window.innerHeight;
    panel.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - size.width - 8))}px`;
    panel.style.top = `${Math.max(8, below ? box.bottom + 6 : box.top - 6 - size.height)}px`;
  });
  return [opener, panel];
}

/**
 * A dialog with a form; resolves with its fields, or null where it was closed.
 * @param {string} title @param {Child[]} content @param {string} yes @param {string} [kind]
 * @returns {Promise<FormData | null>}
 */
export function dialog(title, content, yes, kind = "primary") {
  return new Promise((resolve) => {
    const form = h("form", { method: "dialog" },
      h("h2", { id: "dialog-title" }, title), content,
      h("div", { class: "row end" },
        button("Cancel", () => box.close()),
        h("button", { type: "submit", class: kind }, yes)));
    const box = h("dialog", { "aria-labelledby": "dialog-title" }, form);
    /** @type {FormData | null} */
    let given = null;
    form.addEventListener("submit", () => (given = new FormData(form)));
    box.addEventListener("close", () => {
      box.remove();
      resolve(given);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** @param {string} title @param {string} text @param {string} yes */
export async function confirmed(title, text, yes) {
  return (await dialog(title, [h("p", {}, text)], yes, "danger")) !== null;
}

/** @param {string} label @param {HTMLElement} input @param {string} [hint] */
export function field(label, input, hint) {
  return h("label", { class: "field" }, h("span", {}, label), input,
    hint ? h("small", {}, hint) : null);
}

/** @param {Props} props @param {[string, string][]} options value, text @param {string} [chosen] */
export function select(props, options, chosen) {
  return h("select", props, options.map(([value, text]) =>
    h("option", { value, selected: value === chosen }, text)));
}

/** The main part of the page, anew. @param {string} title @param {Child[]} children */
export function showPage(title, ...children) {
  document.title = `${title} - SpineScan`;
  const main = byId("main");
  main.replaceChildren(...children.filter((c) => c instanceof Node));
  main.className = "";
  return main;
}

/** An error in words, with what may be done. @param {unknown} error */
export function errorText(error) {
  return error instanceof Error ? error.message : String(error);
}
