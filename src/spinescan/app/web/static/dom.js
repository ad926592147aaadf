/** Elements without markup: all text goes in as text, so that no name becomes HTML. */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown> & { on?: Record<string, (event: any) => void> }} Props */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. A property `on` holds listeners; a boolean sets or leaves out an attribute.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  dress(element, props);
  fill(element, children.flat());
  return element;
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  dress(element, props);
  fill(element, children.flat());
  return element;
}

/** @param {Element} element @param {Props} props */
function dress(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(props.on ?? {})) {
        element.addEventListener(type, listener);
      }
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/** @param {Element} element @param {Child[]} children */
function fill(element, children) {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(typeof child === "number" ? String(child) : child);
    }
  }
}

/**
 * New children for an element. One that is equal to what was there is left as it was, and so is
 * what it listens to; focus and open details stay where an `id` tells them.
 * @param {HTMLElement} element
 * @param {Child[]} children
 */
export function renew(element, children) {
  const fresh = children.filter((child) => child instanceof HTMLElement);
  const old = [...element.children];
  const active = document.activeElement;
  const focused = active && element.contains(active) ? active.id : "";
  const open = new Map([...element.querySelectorAll("details[id]")].map((d) => [d.id, d.hasAttribute("open")]));
  for (const node of fresh) {
    for (const details of node.querySelectorAll("details[id]")) {
      details.toggleAttribute("open", open.get(details.id) ?? details.hasAttribute("open"));
    }
  }
  fresh.forEach((node, i) => {
    const same = old.find((was) => was.isEqualNode(node));
    const next = same ?? node;
    if (same) old.splice(old.indexOf(same), 1);
    if (element.children[i] !== next) element.insertBefore(next, element.children[i] ?? null);
  });
  while (element.children.length > fresh.length) element.lastElementChild?.remove();
  if (focused && document.activeElement?.id !== focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

/**
 * Makes what is drawn like `fresh`, touching only what differs; for drawings that nobody listens to.
 * @param {Element} drawn
 * @param {readonly Element[]} fresh
 */
export function redraw(drawn, fresh) {
  fresh.forEach((to, i) => {
    const from = drawn.children[i];
    if (!from) drawn.append(to);
    else if (from.nodeName !== to.nodeName) from.replaceWith(to);
    else become(from, to);
  });
  while (drawn.children.length > fresh.length) drawn.lastElementChild?.remove();
}

/** @param {Element} from @param {Element} to */
function become(from, to) {
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name)) from.removeAttribute(name);
  }
  if (to.children.length || from.children.length) redraw(from, [...to.children]);
  else if (from.textContent !== to.textContent) from.textContent = to.textContent;
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}

let pending = 0;

/**
 * Tells a screen reader, once what changes has come to rest.
 * @param {string} text
 */
export function announce(text) {
  window.clearTimeout(pending);
  pending = window.setTimeout(() => {
    byId("live").textContent = text;
  }, 250);
}

let toastTimer = 0;

/**
 * A line that everybody sees for a while.
 * @param {string} text
 * @param {"calm" | "wrong"} [mood]
 */
export function tell(text, mood = "calm") {
  const toast = byId("toast");
  toast.textContent = text;
  toast.dataset.mood = mood;
  toast.hidden = false;
  window.clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => (toast.hidden = true), mood === "wrong" ? 12000 : 4000);
}
