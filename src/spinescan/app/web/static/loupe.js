/** What is under the finger, enlarged in a corner, while a point is moved. */

/** @import { XY } from "./types.js" */
/** @import { Stage } from "./stage.js" */

import { h } from "./dom.js";

const SIZE_PX = 132;
const MORE = 2.5;
/** Beyond this zoom the film itself shows all there is. */
const MOST = 6;

export class Loupe {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.element = h("canvas", { class: "loupe", "aria-hidden": "true", hidden: true });
  }

  /** @param {XY} xy on the film */
  show(xy) {
    const { stage, element } = this, { camera, picture } = stage;
    const context = element.getContext("2d", { alpha: false });
    if (!context || !picture || camera.zoom * 1.3 > MOST) return this.hide();
    const ratio = window.devicePixelRatio || 1, size = Math.round(SIZE_PX * ratio);
    element.width = element.height = size;
    const zoom = Math.min(Math.max(camera.zoom * MORE, 2), MOST) * ratio, half = size / 2;
    const [x, y] = [xy[0] * camera.scale[0], xy[1] * camera.scale[1]];
    context.setTransform(zoom * camera.sign, 0, 0, zoom, half - camera.sign * x * zoom, half - y * zoom);
    context.drawImage(picture.canvas, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.strokeStyle = "#ff9e7a";
    context.lineWidth = ratio;
    context.beginPath();
    for (const k of [-1, 1]) {
      context.moveTo(half + k * 6 * ratio, half);
      context.lineTo(half + k * 26 * ratio, half);
      context.moveTo(half, half + k * 6 * ratio);
      context.lineTo(half, half + k * 26 * ratio);
    }
    context.stroke();
    element.hidden = false;
    const [sx, sy] = camera.toScreen(xy); // not under the hand
    element.classList.toggle("other-side", sx > camera.width / 2 && sy > camera.height / 2);
  }

  hide() {
    this.element.hidden = true;
  }
}
