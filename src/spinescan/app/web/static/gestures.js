/** Mouse, fingers, wheel and keys on the stage: move a point, pan, zoom, window. */

/** @import { XY } from "./types.js" */
/** @import { Stage } from "./stage.js" */

/** @typedef {"points" | "pan" | "window"} Tool */
/**
 * What the gestures ask of the page.
 * @typedef {object} Touched
 * @property {(at: XY, reach: number) => string | null} grab the point near a place, if any
 * @property {(name: string, at: XY, since: number) => void} drag
 * @property {(name: string) => void} drop
 * @property {(name: string) => void} cancel puts it back
 * @property {(at: XY | null) => void} hover
 */

/** How far from a point it may be taken, in CSS pixels. */
export const REACH = { mouse: 13, touch: 22 };
/** A finger trembles: less than this is no drag. */
const STILL = { mouse: 2, touch: 5 };

export class Gestures {
  /** @param {Stage} stage @param {Touched | null} touched null: a film to look at only */
  constructor(stage, touched) {
    this.stage = stage;
    this.touched = touched;
    /** @type {Tool} */
    this.tool = touched ? "points" : "pan";
    /** @type {Map<number, XY>} pointers that are down */
    this.down = new Map();
    /** @type {{ name: string, offset: XY, from: XY, moved: boolean, still: number } | null} */
    this.held = null;
    /** @type {"pan" | "window" | null} */
    this.doing = null;
    this.onWindow = () => {};
    const { element } = stage;
    element.addEventListener("pointerdown", (e) => this.begin(e));
    element.addEventListener("pointermove", (e) => this.move(e));
    element.addEventListener("pointerup", (e) => this.end(e));
    element.addEventListener("pointercancel", (e) => this.end(e, true));
    element.addEventListener("pointerleave", () => this.touched?.hover(null));
    element.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    element.addEventListener("contextmenu", (e) => e.preventDefault());
    element.addEventListener("dblclick", (e) => this.zoomAt(2, stage.at(e)));
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (!this.stage.picture || (event.target instanceof Element && event.target.closest("button"))) return;
    const at = this.stage.at(event), kind = event.pointerType === "mouse" ? "mouse" : "touch";
    this.stage.element.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, at);
    if (this.down.size > 1) {
      this.release(true); // a second finger: pan and zoom instead
      this.doing = "pan";
      return;
    }
    const right = event.button === 2 || (event.button === 0 && event.altKey);
    if (right || this.tool === "window") {
      this.doing = "window";
      return;
    }
    const name = this.tool === "points" && event.button === 0
      ? this.touched?.grab(at, REACH[kind]) ?? null
      : null;
    this.doing = name ? null : "pan";
    if (!name || !this.touched) return;
    const centre = this.stage.camera.toScreen(this.place(name));
    this.held = {
      name, from: at, moved: false, still: STILL[kind],
      offset: [centre[0] - at[0], centre[1] - at[1]],
    };
  }

  /** Set by the page: where a point is on the film. @type {(name: string) => XY} */
  place = () => [0, 0];

  /** @param {PointerEvent} event */
  move(event) {
    const at = this.stage.at(event), last = this.down.get(event.pointerId);
    if (!last) {
      if (event.pointerType === "mouse") this.touched?.hover(at);
      return;
    }
    if (this.down.size === 2) return this.pinch(event.pointerId, at);
    this.down.set(event.pointerId, at);
    const [dx, dy] = [at[0] - last[0], at[1] - last[1]];
    if (this.held) {
      const { held } = this;
      if (!held.moved && Math.hypot(at[0] - held.from[0], at[1] - held.from[1]) < held.still) return;
      held.moved = true;
      const to = /** @type {XY} */ ([at[0] + held.offset[0], at[1] + held.offset[1]]);
      this.touched?.drag(held.name, this.stage.camera.toFilm(to), event.timeStamp);
    } else if (this.doing === "pan") {
      this.stage.camera.pan(dx, dy);
      this.stage.redraw();
    } else if (this.doing === "window") {
      this.windowBy(dx, dy);
    }
  }

  /** Two fingers: what is under them stays under them. @param {number} id @param {XY} at */
  pinch(id, at) {
    const other = [...this.down.entries()].find(([key]) => key !== id)?.[1];
    const last = this.down.get(id);
    if (!other || !last) return;
    const far = (/** @type {XY} */ a, /** @type {XY} */ b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    const { camera } = this.stage;
    camera.pan((at[0] - last[0]) / 2, (at[1] - last[1]) / 2);
    camera.zoomBy(
      far(at, other) / Math.max(far(last, other), 1),
      [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2],
    );
    this.down.set(id, at);
    this.stage.redraw();
  }

  /** @param {PointerEvent} event @param {boolean} [cancelled] */
  end(event, cancelled = false) {
    if (!this.down.delete(event.pointerId)) return;
    this.release(cancelled);
    this.doing = this.down.size ? "pan" : null;
  }

  /** @param {boolean} cancelled */
  release(cancelled) {
    const { held } = this;
    this.held = null;
    if (!held || !this.touched) return;
    if (cancelled && held.moved) this.touched.cancel(held.name);
    else this.touched.drop(held.name);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    this.zoomAt(Math.exp(-step * (event.ctrlKey ? 0.01 : 0.0016)), this.stage.at(event));
  }

  /** @param {number} factor @param {XY} [at] */
  zoomAt(factor, at) {
    this.stage.camera.zoomBy(factor, at);
    this.stage.redraw();
  }

  /** Right and down: wider and darker. @param {number} dx @param {number} dy */
  windowBy(dx, dy) {
    const { picture } = this.stage;
    if (!picture) return;
    const speed = Math.max(picture.window, 5) / 300;
    picture.setWindow(picture.level + dy * speed, Math.min(picture.window + dx * speed, 200));
    this.stage.redraw();
    this.onWindow();
  }
}
