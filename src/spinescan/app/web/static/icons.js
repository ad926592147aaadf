/** The few pictures on buttons, drawn as lines. */

import { svg } from "./dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  points: "M6 6h12v12H6zM3.5 3.5h5v5h-5zM15.5 15.5h5v5h-5z",
  pan: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  window: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  out: "M5 12h14",
  in: "M5 12h14M12 5v14",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  invert: "M4 4h16v16H4zM4 20 20 4M8 8h4M14 16h4",
  flip: "M12 3v18M9 7l-5 5 5 5zM15 7l5 5-5 5z",
  undo: "M8 5 4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "M16 5l4 4-4 4M20 9H10a6 6 0 0 0 0 12h3",
  layers: "M12 4l9 5-9 5-9-5zM4 14l8 5 8-5",
  sliders: "M5 4v16M12 4v16M19 4v16M2.5 9h5M9.500 15h5M16.500 8h5",
  save: "M5 4h11l4 4v12H5zM8 4v5h7V4M8 20v-6h9v6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  film: "M5 3h14v18H5zM9 7h6M9 11h6M9 15h6",
  bin: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.5",
};

/** @param {string} name */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] ?? "" }));
}
