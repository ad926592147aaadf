/** The film's grey values under a window: 16 bits to what the screen shows. */

/** @import { Camera } from "./camera.js" */

const GREYS = 65536;

export class Picture {
  /** @param {Uint16Array} grey @param {number} rows @param {number} columns */
  constructor(grey, rows, columns) {
    this.grey = grey;
    this.canvas = document.createElement("canvas");
    this.canvas.width = columns;
    this.canvas.height = rows;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("no canvas");
    this.context = context;
    this.data = context.createImageData(columns, rows);
    this.words = new Uint32Array(this.data.data.buffer);
    this.table = new Uint32Array(GREYS);
    this.inverted = false;
    this.first = stretch(grey);
    this.low = this.first[0];
    this.high = this.first[1];
    this.develop();
  }

  /** Level and window in percent of all greys. */
  get level() {
    return (50 * (this.low + this.high)) / (GREYS - 1);
  }

  get window() {
    return (100 * (this.high - this.low)) / (GREYS - 1);
  }

  /** @param {number} level @param {number} window in percent */
  setWindow(level, window) {
    const half = (Math.max(window, 0.5) / 200) * (GREYS - 1);
    const middle = (Math.min(Math.max(level, 0), 100) / 100) * (GREYS - 1);
    this.low = middle - half;
    this.high = middle + half;
    this.develop();
  }

  reset() {
    [this.low, this.high] = this.first;
    this.inverted = false;
    this.develop();
  }

  /** @param {boolean} inverted */
  setInverted(inverted) {
    this.inverted = inverted;
    this.develop();
  }

  /** Every grey through the table, into the canvas. */
  develop() {
    const { table, words, grey, low, high } = this, steps = 255 / Math.max(high - low, 1);
    for (let v = 0; v < GREYS; v++) {
      let shade = Math.min(Math.max((v - low) * steps, 0), 255) | 0;
      if (this.inverted) shade = 255 - shade;
      table[v] = 0xff000000 | (shade << 16) | (shade << 8) | shade;
    }
    for (let i = 0; i < grey.length; i++) words[i] = table[grey[i]];
    this.context.putImageData(this.data, 0, 0);
  }

  /**
   * Draws the film, or a picture over it of the same frame.
   * @param {CanvasRenderingContext2D} context in CSS pixels times `ratio`
   * @param {Camera} camera
   * @param {number} ratio
   * @param {CanvasImageSource} [source]
   */
  draw(context, camera, ratio, source = this.canvas) {
    const { zoom, sign, centre, width, height, picture } = camera;
    context.setTransform(
      ratio * zoom * sign, 0, 0, ratio * zoom,
      ratio * (width / 2 - sign * centre[0] * zoom), ratio * (height / 2 - centre[1] * zoom),
    );
    context.imageSmoothingEnabled = ratio * zoom < 6;
    context.imageSmoothingQuality = ratio * zoom < 1 ? "high" : "low";
    context.drawImage(source, 0, 0, picture[0], picture[1]);
  }
}

/** The greys between which nearly all of the film lies.
 * @param {Uint16Array} grey @returns {[number, number]} */
function stretch(grey) {
  const counts = new Uint32Array(1024);
  for (let i = 0; i < grey.length; i += 7) counts[grey[i] >> 6] += 1;
  const total = counts.reduce((sum, n) => sum + n, 0);
  /** @param {number} share */
  const at = (share) => {
    let seen = 0;
    for (let k = 0; k < counts.length; k++) {
      seen += counts[k];
      if (seen >= share * total) return (k + 0.5) * 64;
    }
    return GREYS - 1;
  };
  const [low, high] = [at(0.002), at(0.998)];
  return high - low < 0.02 * GREYS ? [0, GREYS - 1] : [low, high];
}
