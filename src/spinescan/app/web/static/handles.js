/** The points as handles: small to see, large to take, and to be reached by keys alone. */

/** @import { Points, XY } from "./types.js" */
/** @import { Camera } from "./camera.js" */

import { svg } from "./dom.js";
import { distance } from "./cobb.js";
import { diamond } from "./overlay.js";
import { originOf } from "./points.js";
import { pointName } from "./words.js";

const HIT_PX = 12;

/**
 * What handles ask of the page.
 * @typedef {object} Grasp
 * @property {() => Points} points
 * @property {() => Points} machine
 * @property {(name: string, xy: XY, since: number) => void} move to a place on the film
 * @property {(name: string) => void} drop the move is done
 * @property {(name: string) => void} cancel the move is taken back
 * @property {(name: string) => void} focus
 * @property {(text: string, figures?: boolean) => void} say to a screen reader, with the angles
 */

export class Handles {
  /** @param {Grasp} grasp */
  constructor(grasp) {
    this.grasp = grasp;
    this.element = svg("g", {
      class: "handles", role: "application", "aria-label": "Points of the film",
      "aria-describedby": "handle-help",
    });
    /** @type {Map<string, SVGGElement>} */
    this.nodes = new Map();
    this.current = "";
    this.hovered = "";
    /** The handle that the arrow keys move. */
    this.picked = "";
    this.element.addEventListener("keydown", (e) => this.key(e));
    this.element.addEventListener("focusin", (e) => {
      const node = e.target instanceof Element ? e.target.closest("[data-point]") : null;
      if (node instanceof SVGGElement) this.entered(node.dataset.point ?? "");
    });
    this.element.addEventListener("focusout", (e) => {
      if (!(e.relatedTarget instanceof Node && this.element.contains(e.relatedTarget))) this.put();
    });
  }

  /** @param {string} name */
  entered(name) {
    if (this.picked && this.picked !== name) this.put();
    this.current = name;
    this.grasp.focus(name);
    this.rove();
  }

  /** One handle is in the order of Tab; the arrows lead to the others. */
  rove() {
    if (!this.nodes.has(this.current)) this.current = this.nodes.keys().next().value ?? "";
    for (const [name, node] of this.nodes) {
      node.setAttribute("tabindex", name === this.current ? "0" : "-1");
    }
  }

  /** @param {Camera} camera @param {boolean} shown */
  draw(camera, shown) {
    this.element.toggleAttribute("hidden", !shown);
    const points = this.grasp.points(), machine = this.grasp.machine();
    for (const [name, node] of this.nodes) {
      if (points.places.has(name)) continue;
      node.remove();
      this.nodes.delete(name);
    }
    for (const [name, xy] of points.places) {
      const node = this.nodes.get(name) ?? this.make(name);
      const origin = originOf(points, machine, name), at = camera.toScreen(xy);
      const place = `translate(${at[0].toFixed(1)} ${at[1].toFixed(1)})`;
      if (node.getAttribute("transform") !== place) node.setAttribute("transform", place);
      const said = this.describe(name, xy, origin);
      if (node.getAttribute("aria-label") !== said) node.setAttribute("aria-label", said);
      if (node.dataset.origin !== origin) {
        node.dataset.origin = origin;
        const dot = node.lastElementChild;
        dot?.setAttribute("d", origin === "machine" ? circle(2.4) : diamond([0, 0], 5));
      }
      node.classList.toggle("near", name === this.hovered);
      if (node.classList.toggle("picked", name === this.picked) !== (node.ariaPressed === "true")) {
        node.ariaPressed = String(name === this.picked);
      }
    }
    if (!this.nodes.has(this.current)) this.rove();
  }

  /** @param {string} name @param {XY} xy @param {string} origin */
  describe(name, xy, origin) {
    const whose = origin === "machine" ? "" : origin === "edited" ? ", edited" : ", computed";
    return `${pointName(name)}, ${xy[0].toFixed(0)} right, ${xy[1].toFixed(0)} down${whose}`;
  }

  /** @param {string} name */
  make(name) {
    const node = svg("g", {
      class: "handle", role: "button", tabindex: -1, "aria-pressed": "false", "data-point": name,
    },
      svg("circle", { class: "hit", r: HIT_PX }),
      svg("circle", { class: "ring", r: 9 }),
      svg("path", { class: "dot", d: circle(2.4) }));
    this.nodes.set(name, node);
    this.element.append(node);
    return node;
  }

  /** The handle nearest to a place on the screen, within reach.
   * @param {Camera} camera @param {XY} at @param {number} reach @returns {string | null} */
  near(camera, at, reach) {
    if (this.element.hasAttribute("hidden")) return null;
    let best = null, least = reach;
    for (const [name, xy] of this.grasp.points().places) {
      const gap = distance(camera.toScreen(xy), at);
      if (gap <= least) [best, least] = [name, gap];
    }
    return best;
  }

  /** @param {string} name */
  focus(name) {
    this.nodes.get(name)?.focus({ preventScroll: true });
  }

  /** Lets go of what the keys have picked up. */
  put() {
    if (!this.picked) return;
    const name = this.picked;
    this.picked = "";
    this.grasp.drop(name);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const name = this.current;
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (event.key === "Enter" || event.key === " ") {
      if (this.picked) {
        this.put();
        this.grasp.say(`${pointName(name)} put down.`, true);
      } else {
        this.picked = name;
        this.grasp.say(`${pointName(name)} picked up. Arrows move it by 1 pixel, with Shift by 10.`);
        this.grasp.focus(name);
      }
    } else if (event.key === "Escape" && this.picked) {
      this.picked = "";
      this.grasp.cancel(name);
      this.grasp.say(`${pointName(name)} put back.`, true);
    } else if (step && this.picked) {
      const [x, y] = /** @type {XY} */ (this.grasp.points().places.get(name));
      const far = event.shiftKey ? 10 : 1;
      this.grasp.move(name, [x + far * step[0] * this.sign, y + far * step[1]], event.timeStamp);
    } else if (step) {
      this.focus(this.beside(name, step));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** +1, or -1 where the film is shown flipped: the arrows follow what is seen. */
  sign = 1;

  /** The next handle in a direction of the screen. @param {string} name @param {XY} step */
  beside(name, step) {
    const { places } = this.grasp.points();
    const [x, y] = /** @type {XY} */ (places.get(name));
    let best = name, least = Infinity;
    for (const [other, at] of places) {
      const dx = (at[0] - x) * this.sign, dy = at[1] - y;
      const ahead = dx * step[0] + dy * step[1], aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
      const far = ahead + 2.5 * aside;
      if (other !== name && ahead > 0.5 && far < least) [best, least] = [other, far];
    }
    return best;
  }
}

/** @type {Record<string, XY>} */
const STEPS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

/** @param {number} r */
const circle = (r) => `M${r} 0A${r} ${r} 0 1 1 ${-r} 0A${r} ${r} 0 1 1 ${r} 0Z`;
