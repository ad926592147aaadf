/** The tools above the film: how it looks, what is drawn, and undo. */

/** @import { Stage } from "./stage.js" */
/** @import { Gestures, Tool } from "./gestures.js" */
/** @import { Layer } from "./overlay.js" */
/** @import { Session } from "./session.js" */

import * as api from "./api.js";
import { announce, h, tell } from "./dom.js";
import { LAYERS } from "./overlay.js";
import { button, errorText, menu } from "./widgets.js";
import { said } from "./words.js";

/** @type {[Tool, string, string][]} */
const TOOLS = [
  ["points", "Points", "Drag a corner to move it; drag elsewhere to pan"],
  ["pan", "Pan", "Drag to pan; no point is touched"],
  ["window", "Contrast", "Drag sideways for the window, up and down for the level"],
];

/**
 * @param {object} parts
 * @param {Stage} parts.stage
 * @param {Gestures} parts.gestures
 * @param {Session} parts.session
 * @param {Set<Layer>} parts.layers
 */
export function toolbar({ stage, gestures, session, layers }) {
  const undo = button("Undo", () => undoOne(session), { icon: "undo", bare: true, id: "undo" });
  const redo = button("Redo", () => redoOne(session), { icon: "redo", bare: true, id: "redo" });
  const reset = button("Reset", () => {
    session.reset();
    announce("Back to the machine's answer. Undo brings your edits back.");
  }, { id: "reset", class: "quiet", title: "Back to the machine's answer" });
  const zoom = h("output", { class: "zoom", "aria-label": "Zoom" });
  const invert = button("Invert", () => turn("invert"), { icon: "invert", bare: true, "aria-pressed": "false" });
  const flip = button("Flip left and right", () => turn("flip"), { icon: "flip", bare: true, "aria-pressed": "false" });

  /** @param {"invert" | "flip"} what */
  function turn(what) {
    if (what === "invert") stage.picture?.setInverted(!stage.picture.inverted);
    else stage.camera.flipped = !stage.camera.flipped;
    show();
    stage.redraw();
  }

  function fit() {
    stage.camera.fit();
    stage.redraw();
  }

  const sliders = windowSliders(stage, () => show());
  const element = h("div", { class: "toolbar", role: "toolbar", "aria-label": "Tools" },
    toolSwitch(gestures),
    h("div", { class: "group" },
      button("Zoom out", () => gestures.zoomAt(1 / 1.3), { icon: "out", bare: true }), zoom,
      button("Zoom in", () => gestures.zoomAt(1.3), { icon: "in", bare: true }),
      button("Fit the film", fit, { icon: "fit", bare: true })),
    h("div", { class: "group" }, invert, flip,
      menu("Window and level", "sliders", [sliders.element], { bare: true }),
      menu("Layers", "layers", [layerList(stage, session, layers)], {})),
    h("div", { class: "group last" }, undo, redo, reset));

  function show() {
    zoom.textContent = `${Math.round(100 * stage.camera.zoom * stage.camera.scale[0])} %`;
    undo.toggleAttribute("disabled", !session.history.canUndo);
    redo.toggleAttribute("disabled", !session.history.canRedo);
    reset.toggleAttribute("disabled", !session.edited);
    invert.setAttribute("aria-pressed", String(stage.picture?.inverted ?? false));
    flip.setAttribute("aria-pressed", String(stage.camera.flipped));
    sliders.show();
  }
  gestures.onWindow = () => sliders.show();
  return { element, show, turn, fit };
}

/** @param {Session} session */
export function undoOne(session) {
  const what = session.undo();
  if (what) announce(`Undone: ${what}.`);
}

/** @param {Session} session */
export function redoOne(session) {
  const what = session.redo();
  if (what) announce(`Done again: ${what}.`);
}

/** @param {Gestures} gestures */
function toolSwitch(gestures) {
  return h("fieldset", { class: "group tools" }, h("legend", { class: "unseen" }, "Dragging"),
    TOOLS.map(([tool, text, title]) => h("label", { title },
      h("input", {
        type: "radio", name: "tool", value: tool, checked: gestures.tool === tool,
        on: { change: () => (gestures.tool = tool) },
      }), h("span", {}, text))));
}

/** @param {Stage} stage @param {() => void} changed */
function windowSliders(stage, changed) {
  /** @param {string} text @param {number} least @param {number} most */
  const slider = (text, least, most) => {
    const input = h("input", { type: "range", min: least, max: most, step: 0.5, on: { input: set } });
    return { input, element: h("label", { class: "slider" }, h("span", {}, text), input) };
  };
  const level = slider("Level", 0, 100), wide = slider("Window", 1, 150);
  function set() {
    stage.picture?.setWindow(Number(level.input.value), Number(wide.input.value));
    stage.redraw();
  }
  const element = h("div", {}, level.element, wide.element,
    button("Reset window", () => {
      stage.picture?.reset();
      stage.redraw();
      changed();
    }));
  return { element, show: () => {
    if (!stage.picture) return;
    level.input.value = String(stage.picture.level);
    wide.input.value = String(stage.picture.window);
  } };
}

/** @param {Stage} stage @param {Session} session @param {Set<Layer>} layers */
function layerList(stage, session, layers) {
  const names = /** @type {[Layer, string][]} */ (Object.entries(LAYERS));
  const view = session.points.view;
  const looked = session.answer.report.predictions.filter((p) => Object.keys(p.scores).length);
  /** @type {Map<string, ImageBitmap>} */
  const heats = new Map();
  /** @param {Event} event @param {string} bundle */
  const showHeat = async (event, bundle) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    list.querySelectorAll("input[data-heat]").forEach((other) => {
      if (other instanceof HTMLInputElement && other !== box) other.checked = false;
    });
    stage.heat = null;
    if (box.checked) {
      try {
        if (!heats.has(bundle)) {
          tell(`Asking where ${bundle} looked ...`);
          heats.set(bundle, await api.getHeat(session.answer.id, bundle));
        }
        if (box.checked) stage.heat = heats.get(bundle) ?? null;
        tell(said("notes", "where_it_looked") ?? bundle);
      } catch (error) {
        box.checked = false;
        tell(`No heat map of ${bundle}: ${errorText(error)}`, "wrong");
      }
    }
    stage.redraw();
  };
  const list = h("div", { class: "layers" },
    names.filter(([name]) => view === "frontal" || !["csl", "tp"].includes(name)).map(([name, text]) =>
      h("label", { class: "check" },
        h("input", {
          type: "checkbox", checked: layers.has(name), "data-layer": name,
          on: { change: (/** @type {Event} */ e) => {
            if (/** @type {HTMLInputElement} */ (e.target).checked) layers.add(name);
            else layers.delete(name);
            stage.redraw();
          } },
        }), text)),
    looked.map((p) => h("label", { class: "check" },
      h("input", {
        type: "checkbox", "data-heat": p.bundle,
        on: { change: (/** @type {Event} */ e) => void showHeat(e, p.bundle) },
      }), `Heat map: where ${p.bundle} looked`)));
  return list;
}
