/** Elements without markup: all text goes in as text. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An HTML element. `on` holds listeners; a boolean sets or leaves out an attribute.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown> & { on?: Record<string, (event: any) => void> }} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(props.on ?? {})) element.addEventListener(event, listener);
    } else if (typeof value === "boolean") {
      element.toggleAttribute(name, value);
    } else if (value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no ${id}`);
  return found;
}

/** @param {string} text */
function tell(text) {
  const message = byId("message", HTMLElement);
  message.textContent = text;
  message.hidden = text === "";
}
