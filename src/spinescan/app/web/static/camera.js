/** From the film to the screen and back: pan, zoom, flip. */

/** @import { XY } from "./types.js" */

const MOST_ZOOM = 40;

export class Camera {
  constructor() {
    this.width = 1; // of the screen's part, in CSS pixels
    this.height = 1;
    this.zoom = 1; // CSS pixels for one pixel of the picture
    this.flipped = false;
    this.fitted = true;
    /** @type {XY} the picture's place in the middle of the screen */
    this.centre = [0, 0];
    /** @type {XY} columns and rows of the picture */
    this.picture = [1, 1];
    /** @type {XY} pixels of the picture for one of the film */
    this.scale = [1, 1];
  }

  /** @param {XY} film @param {XY} picture columns and rows of each */
  load(film, picture) {
    this.picture = picture;
    this.scale = [picture[0] / film[0], picture[1] / film[1]];
    this.fit();
  }

  /** The screen has another size; what was in the middle stays there.
   * @param {number} width @param {number} height */
  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    if (this.fitted) this.fit();
  }

  get fitZoom() {
    return 0.98 * Math.min(this.width / this.picture[0], this.height / this.picture[1]);
  }

  fit() {
    this.fitted = true;
    this.zoom = this.fitZoom;
    this.centre = [this.picture[0] / 2, this.picture[1] / 2];
  }

  /** Shows a part of the film. @param {XY[]} points in pixels of the film @param {number} margin */
  frame(points, margin) {
    const at = points.map((p) => [p[0] * this.scale[0], p[1] * this.scale[1]]);
    const xs = at.map((p) => p[0]), ys = at.map((p) => p[1]);
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    this.centre = [(left + right) / 2, (top + bottom) / 2];
    this.zoomTo(Math.min(
      (this.width - 2 * margin) / Math.max(right - left, 1),
      (this.height - 2 * margin) / Math.max(bottom - top, 1),
    ));
  }

  get sign() {
    return this.flipped ? -1 : 1;
  }

  /** @param {XY} p in pixels of the film @returns {XY} in CSS pixels of the screen's part */
  toScreen(p) {
    return [
      this.width / 2 + this.sign * (p[0] * this.scale[0] - this.centre[0]) * this.zoom,
      this.height / 2 + (p[1] * this.scale[1] - this.centre[1]) * this.zoom,
    ];
  }

  /** @param {XY} p in CSS pixels of the screen's part @returns {XY} in pixels of the film */
  toFilm(p) {
    return [
      (this.centre[0] + (this.sign * (p[0] - this.width / 2)) / this.zoom) / this.scale[0],
      (this.centre[1] + (p[1] - this.height / 2) / this.zoom) / this.scale[1],
    ];
  }

  /** @param {number} dx @param {number} dy in CSS pixels */
  pan(dx, dy) {
    this.fitted = false;
    this.centre = [
      clamp(this.centre[0] - (this.sign * dx) / this.zoom, 0, this.picture[0]),
      clamp(this.centre[1] - dy / this.zoom, 0, this.picture[1]),
    ];
  }

  /** @param {number} zoom */
  zoomTo(zoom) {
    this.fitted = false;
    this.zoom = clamp(zoom, this.fitZoom / 3, Math.max(MOST_ZOOM, this.fitZoom));
  }

  /** The place under `at` (CSS pixels) stays there. @param {number} factor @param {XY} [at] */
  zoomBy(factor, at = [this.width / 2, this.height / 2]) {
    const before = this.zoom;
    this.zoomTo(before * factor);
    const gone = 1 / before - 1 / this.zoom;
    this.centre = [
      this.centre[0] + this.sign * (at[0] - this.width / 2) * gone,
      this.centre[1] + (at[1] - this.height / 2) * gone,
    ];
  }
}

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
