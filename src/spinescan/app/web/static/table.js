/** Tables that scroll within themselves on a narrow screen. */

/** @import { Child } from "./dom.js" */

import { h } from "./dom.js";

/** A cell: text, or what `figure` makes. @typedef {Child | HTMLTableCellElement} Cell */

/**
 * @param {string} caption @param {(string | [string])[]} heads [text] for a column of numbers
 * @param {Cell[][]} rows the first cell heads its row
 */
export function table(caption, heads, rows) {
  return h("div", { class: "wide", role: "group", "aria-label": caption, tabindex: 0 },
    h("table", {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => Array.isArray(head)
        ? h("th", { scope: "col", class: "number" }, head[0])
        : h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) =>
        cell instanceof HTMLTableCellElement
          ? cell
          : i ? h("td", {}, cell) : h("th", { scope: "row" }, cell)))))));
}

/** A figure with its interval below. @param {Child} value @param {Child} [below] */
export function figure(value, below) {
  return h("td", { class: "number" }, h("strong", {}, value),
    below ? h("small", {}, below) : null);
}
