/** The keys, in words. */

import { h } from "./dom.js";
import { menu } from "./widgets.js";

/** @type {[string, string][]} */
const KEYS = [
  ["+  -  0", "zoom in, out, fit"],
  ["Arrows", "pan, with the film in focus"],
  ["[  ]  {  }", "window and level, with the film in focus"],
  ["i  f", "invert, flip"],
  ["Tab", "into the points; arrows lead from point to point"],
  ["Enter", "pick a point up; arrows move it, Shift by 10; Enter puts it down, Esc back"],
  ["Ctrl Z", "undo; with Shift redo"],
  ["Right button", "drag for window and level; the wheel zooms"],
];

export function help() {
  return h("div", { class: "help" }, menu("Keys", "help", [
    h("dl", { class: "keys" }, KEYS.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]).flat()),
  ], { bare: true }));
}
