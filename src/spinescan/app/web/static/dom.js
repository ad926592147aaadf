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
 * New children for an element, touching only what differs: focus, scrolling, open details and what
 * a reader has chosen stay. A listener that stays, too, is that of the first time: it must look up
 * what it works on, and two elements with different listeners need different `id`s.
 * @param {HTMLElement} element
 * @param {Child[]} children
 */
export function renew(element, children) {
  const fresh = children.filter((child) => child instanceof HTMLElement);
  const old = new Map([...element.children].map((child) => [keyOf(child), child]));
  const focused = element.contains(document.activeElement) ? document.activeElement?.id : "";
  fresh.forEach((to, i) => {
    const from = old.get(keyOf(to));
    old.delete(keyOf(to));
    if (from) become(from, to);
    const here = element.children[i] ?? null, next = from ?? to;
    if (here !== next) element.insertBefore(next, here);
  });
  for (const gone of old.values()) gone.remove();
  if (focused && document.activeElement?.id !== focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

/** @param {Element} element */
const keyOf = (element) =>
  `${element.nodeName} ${element.id} ${element.getAttribute("aria-labelledby") ?? element.className}`;

/**
 * The same for what is drawn, and for the children of an element that stays.
 * @param {Element} drawn
 * @param {readonly Node[]} fresh
 */
export function redraw(drawn, fresh) {
  fresh.forEach((to, i) => {
    const from = drawn.childNodes[i];
    if (!from) drawn.append(to);
    else if (from instanceof Text && to instanceof Text) {
      if (from.data !== to.data) from.data = to.data;
    } else if (!(from instanceof Element && to instanceof Element) || !alike(from, to)) {
      from.replaceWith(to);
    } else become(from, to);
  });
  while (drawn.childNodes.length > fresh.length) drawn.lastChild?.remove();
}

/** @param {Element} a @param {Element} b */
const alike = (a, b) => a.nodeName === b.nodeName && a.id === b.id;

/** @param {Element} from @param {Element} to */
function become(from, to) {
  if (from === to) return;
  const chosen = from.hasAttribute("selected"), ticked = from.hasAttribute("checked");
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value && name !== "open") from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  }
  redraw(from, [...to.childNodes]);
  if (from instanceof HTMLOptionElement && chosen !== to.hasAttribute("selected")) {
    from.selected = !chosen;
  } else if (from instanceof HTMLInputElement && ticked !== to.hasAttribute("checked")) {
    from.checked = !ticked;
  }
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
