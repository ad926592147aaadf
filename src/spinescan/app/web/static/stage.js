/** The film on the screen: canvas below, vector overlay above, both under one camera. */

/** @import { XY } from "./types.js" */

import { Camera } from "./camera.js";
import { h, svg } from "./dom.js";
import { Picture } from "./picture.js";

export class Stage {
  /** @param {string} label for screen readers */
  constructor(label) {
    this.camera = new Camera();
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.drawn = svg("g", { "aria-hidden": "true" });
    this.svg = svg("svg", { class: "overlay" }, this.drawn);
    this.element = h("div", { class: "stage", tabindex: 0, role: "group", "aria-label": label },
      this.canvas, this.svg);
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {CanvasImageSource | null} drawn over the film */
    this.heat = null;
    this.frame = 0;
    this.stale = true;
    /** Draws the overlay; called on each frame that something changed. */
    this.onDraw = () => {};
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(this.element);
  }

  /** @param {{ grey: Uint16Array, rows: number, columns: number }} film @param {XY} size rows, columns */
  load(film, size) {
    this.picture = new Picture(film.grey, film.rows, film.columns);
    this.camera.load([size[1], size[0]], [film.columns, film.rows]);
    this.resized();
  }

  resized() {
    const { clientWidth, clientHeight } = this.element;
    this.ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.canvas.width = Math.round(clientWidth * this.ratio);
    this.canvas.height = Math.round(clientHeight * this.ratio);
    this.camera.resize(clientWidth, clientHeight);
    this.draw();
  }

  /** Asks for a new picture; many calls make one frame. */
  redraw() {
    this.stale = true;
    this.redrawOverlay();
  }

  /** The same where the film itself looks as before. */
  redrawOverlay() {
    this.frame ||= requestAnimationFrame(() => this.draw(this.stale));
  }

  /** @param {boolean} [film] whether to draw the film, too */
  draw(film = true) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (film) this.drawFilm();
    if (this.picture) this.onDraw();
  }

  drawFilm() {
    this.stale = false;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context || !this.picture) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#050608";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.picture.draw(context, this.camera, this.ratio ?? 1);
    if (this.heat) this.picture.draw(context, this.camera, this.ratio ?? 1, this.heat);
  }

  /** Where a pointer is, in CSS pixels of the stage. @param {MouseEvent} event @returns {XY} */
  at(event) {
    // While a pointer is down nothing scrolls, so that its place need not be asked for each time.
    if (!event.buttons || event.type === "pointerdown") this.box = this.element.getBoundingClientRect();
    const { left, top } = this.box ?? this.element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
