/** The page of one film: viewer, tools and panel around one session. */

/** @import { About, Bundle, XY } from "./types.js" */
/** @import { Layer } from "./overlay.js" */
/** @import { Session } from "./session.js" */

import * as api from "./api.js";
import { announce, h, redraw, renew } from "./dom.js";
import { Gestures } from "./gestures.js";
import { Handles } from "./handles.js";
import { help } from "./help.js";
import { downloads, keeping } from "./keep.js";
import { Loupe } from "./loupe.js";
import { CURVE_COLOURS, LAYERS, drawScene } from "./overlay.js";
import { answerSections } from "./panel.js";
import { models } from "./panel_classifiers.js";
import { levelTools } from "./panel_levels.js";
import { openSession } from "./session.js";
import { Stage } from "./stage.js";
import { redoOne, toolbar, undoOne } from "./toolbar.js";
import { showPage } from "./widgets.js";
import { degrees, pointName, range, span } from "./words.js";

/** @param {string} id @param {About} about @param {Bundle[]} bundles @returns {Promise<() => void>} */
export async function filmPage(id, about, bundles) {
  const main = showPage("Film", h("p", { class: "loading", role: "status" }, "Opening the film ..."));
  const session = await openSession(id);
  const film = await api.getFilm(id);
  const page = new FilmPage(session, about, bundles);
  main.replaceChildren(...page.elements);
  main.className = "film";
  page.start(film);
  return () => page.close();
}

class FilmPage {
  /** @param {Session} session @param {About} about @param {Bundle[]} bundles */
  constructor(session, about, bundles) {
    this.session = session;
    this.about = about;
    this.layers = new Set(/** @type {Layer[]} */ (Object.keys(LAYERS)));
    this.stage = new Stage("The film. Plus and minus zoom, arrows pan, 0 fits.");
    this.handles = new Handles({
      points: () => session.points,
      machine: () => session.machine,
      move: (name, xy, since) => session.drag(name, xy, since),
      drop: (name) => session.drop(pointName(name)),
      cancel: () => session.cancel(),
      focus: (name) => this.focused(name),
      say: (text, figures) => announce(figures ? `${text} ${this.figures()}` : text),
    });
    this.stage.svg.append(this.handles.element);
    this.loupe = new Loupe(this.stage);
    this.gestures = new Gestures(this.stage, {
      grab: (at, reach) => this.grab(at, reach),
      drag: (name, xy, since) => {
        session.drag(name, xy, since);
        this.loupe.show(xy);
      },
      drop: (name) => {
        session.drop(pointName(name));
        this.loupe.hide();
      },
      cancel: () => {
        session.cancel();
        this.loupe.hide();
      },
      hover: (at) => this.hover(at),
    });
    this.gestures.place = (name) => session.points.places.get(name) ?? [0, 0];
    this.tools = toolbar({ stage: this.stage, gestures: this.gestures, session, layers: this.layers });
    this.hud = h("div", { class: "hud", "aria-hidden": "true" });
    this.answers = h("div", { class: "answers" });
    this.actions = h("div", { class: "row actions" });
    this.levels = h("div", {});
    this.stage.element.append(this.hud, this.loupe.element);
    this.elements = [
      h("div", { class: "reading" }, this.tools.element, this.stage.element,
        h("p", { class: "unseen", id: "handle-help" },
          "Arrow keys lead from point to point. Enter picks a point up; then arrows move it by 1 pixel, with Shift by 10, Enter puts it down and Escape puts it back."),
        help()),
      h("aside", { class: "panel", "aria-label": "What was found" },
        h("div", { class: "row actions top" }, downloads(session), this.actions),
        this.answers, this.levels, models(session.answer.report, bundles)),
    ];
    this.onKey = (/** @type {KeyboardEvent} */ e) => this.key(e);
  }

  /** @param {{ grey: Uint16Array, rows: number, columns: number }} film */
  start(film) {
    const { session, stage } = this;
    stage.onDraw = () => this.drawOverlay();
    stage.load(film, session.answer.report.size);
    session.onChange = (measured) => this.changed(measured);
    document.addEventListener("keydown", this.onKey);
    this.renewPanel();
    this.tools.show();
    performance.mark("film-shown");
  }

  close() {
    this.session.onChange = () => {};
    this.stage.close();
    document.removeEventListener("keydown", this.onKey);
  }

  /** @param {boolean} measured */
  changed(measured) {
    this.stage.redrawOverlay();
    if (this.session.waiting) this.answers.setAttribute("aria-busy", "true");
    if (!measured) return;
    this.renewPanel();
    const name = this.handles.current;
    announce(`${name ? `${pointName(name)}. ` : ""}${this.figures()}`);
  }

  drawOverlay() {
    const { session, stage } = this;
    const { points, machine, report, marks } = session;
    this.handles.sign = stage.camera.sign;
    redraw(stage.drawn,
      drawScene({ points, machine, report, marks, layers: this.layers }, stage.camera));
    this.handles.draw(stage.camera, this.layers.has("handles"));
    this.tools.show();
    this.showHud();
  }

  /** The figures over the film, for a screen where the panel is out of sight. */
  showHud() {
    const { report, edited } = this.session;
    const chips = report.curves.map((curve, i) => {
      const chip = h("span", { class: "chip" }, `${span(curve.upper, curve.lower)} ${degrees(curve.cobb_deg)}`);
      chip.style.color = CURVE_COLOURS[i % CURVE_COLOURS.length];
      return chip;
    });
    const type = report.als?.type ?? report.sagittal?.label;
    this.hud.replaceChildren(
      ...(edited ? [h("span", { class: "pill edited" }, "Edited")] : []),
      ...(report.decision === "abstained" ? [h("span", { class: "pill warn" }, "No answer")] : []),
      ...(type ? [h("span", { class: "chip strong" }, type)] : []), ...chips);
  }

  renewPanel() {
    const { session } = this;
    this.answers.setAttribute("aria-busy", String(session.waiting));
    renew(this.answers, answerSections(session));
    if (session.preview) return; // the rest when the point has come to rest
    renew(this.levels, [levelTools(session)]);
    renew(this.actions, keeping(session, this.about));
  }

  /** What is measured now, for a screen reader. */
  figures() {
    const { report, answer, edited } = this.session;
    const parts = report.curves.map((c) => `${span(c.upper, c.lower)} ${degrees(c.cobb_deg)}, ${range(c.interval_deg)}`);
    for (const { name, value } of report.sagittal?.axes ?? []) {
      if (value !== null) parts.push(`${name} ${degrees(value)}`);
    }
    if (report.view === "frontal" && !parts.length) parts.push("No curve");
    if (report.als) parts.push(`ALS type ${report.als.type ?? "none"}`);
    const was = answer.report.als?.type ?? "none";
    if (edited && was !== (report.als?.type ?? "none")) parts.push(`machine ${was}`);
    return `${parts.join("; ")}.${edited ? "" : " As the machine read it."}`;
  }

  /** @param {XY} at @param {number} reach */
  grab(at, reach) {
    const name = this.handles.near(this.stage.camera, at, reach);
    if (name) this.handles.focus(name);
    return name;
  }

  /** @param {XY | null} at */
  hover(at) {
    const name = at && this.gestures.tool === "points"
      ? this.handles.near(this.stage.camera, at, 13) ?? "" : "";
    if (name === this.handles.hovered) return;
    this.handles.hovered = name;
    this.stage.element.classList.toggle("over-point", name !== "");
    this.handles.draw(this.stage.camera, this.layers.has("handles"));
  }

  /** A point that has the focus must be on the screen. @param {string} name */
  focused(name) {
    const { camera } = this.stage, xy = this.session.points.places.get(name);
    if (!xy || this.gestures.held) return;
    const [x, y] = camera.toScreen(xy), edge = 30;
    const dx = Math.max(edge - x, 0) - Math.max(x - camera.width + edge, 0);
    const dy = Math.max(edge - y, 0) - Math.max(y - camera.height + edge, 0);
    if (dx || dy) camera.pan(dx, dy);
    this.stage.redraw();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = event.target instanceof Element ? event.target : null;
    if (document.querySelector("dialog[open]")) return;
    if ((event.ctrlKey || event.metaKey) && !target?.closest("input[type=text], textarea")) {
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      if (key === "y" || event.shiftKey) redoOne(this.session);
      else undoOne(this.session);
      return;
    }
    if (event.altKey || target?.closest("input, select, textarea, [popover]")) return;
    if (this.viewKey(event.key, target === this.stage.element)) event.preventDefault();
  }

  /** @param {string} key @param {boolean} onStage @returns {boolean} */
  viewKey(key, onStage) {
    const { camera } = this.stage, step = 60;
    /** @type {Record<string, (() => void) | undefined>} */
    const anywhere = {
      "+": () => this.gestures.zoomAt(1.3), "=": () => this.gestures.zoomAt(1.3),
      "-": () => this.gestures.zoomAt(1 / 1.3), "0": () => this.tools.fit(),
      "i": () => this.tools.turn("invert"), "f": () => this.tools.turn("flip"),
    };
    /** @type {Record<string, (() => void) | undefined>} */
    const here = {
      ArrowLeft: () => camera.pan(step, 0), ArrowRight: () => camera.pan(-step, 0),
      ArrowUp: () => camera.pan(0, step), ArrowDown: () => camera.pan(0, -step),
      "[": () => this.gestures.windowBy(-20, 0), "]": () => this.gestures.windowBy(20, 0),
      "{": () => this.gestures.windowBy(0, -20), "}": () => this.gestures.windowBy(0, 20),
    };
    const action = anywhere[key] ?? (onStage ? here[key] : undefined);
    action?.();
    if (action) this.stage.redraw();
    return action !== undefined;
  }
}
