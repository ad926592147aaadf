/** Figures and codes as a reader wants them; the words themselves come from the server. */

/** @import { About, XY } from "./types.js" */

/** @type {Record<string, Record<string, string>>} */
let words = {};

/** @param {About} about */
export function learnWords(about) {
  words = about.words ?? {};
}

/** @param {string} kind @param {string} code */
export function word(kind, code) {
  return words[kind]?.[code] ?? code.replaceAll("_", " ");
}

/** The same, but null where there are no words. @param {string} kind @param {string} code */
export function said(kind, code) {
  return words[kind]?.[code] ?? null;
}

/** @param {string} text */
export function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A measurement's name; slips are named by their levels. @param {string} name */
export function measurementName(name) {
  const slip = /^slip_(\w+?)_(\w+)$/.exec(name);
  if (slip && !words.measurements?.[name]) return `Slip of ${slip[1]} on ${slip[2]}`;
  return capital(word("measurements", name));
}

/** @param {number} value @param {number} [digits] */
export function number(value, digits = 1) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace("-", "\u2212");
}

/** @param {number} value */
export function degrees(value) {
  return `${number(value)}\u00b0`;
}

/** A value with its unit, to the precision that its measuring deserves.
 * @param {number | string | null} value @param {string} unit */
export function quantity(value, unit) {
  if (value === null) return "not known";
  if (typeof value === "string") return `${value} ${unit}`.trim();
  if (unit === "deg") return degrees(value);
  if (unit === "%") return `${number(value, 0)} %`;
  if (unit === "ratio") return number(value, 2);
  return `${number(value, Number.isInteger(value) ? 0 : 2)} ${unit}`.trim();
}

/** @param {XY | null | undefined} interval @param {string} [unit] */
export function range(interval, unit = "deg") {
  if (!interval) return "";
  return `${quantity(interval[0], unit)} to ${quantity(interval[1], unit)}`;
}

/** @param {string} upper @param {string} lower */
export function span(upper, lower) {
  return `${upper}\u2013${lower}`;
}

/** @param {string} iso */
export function moment(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime())
    ? iso
    : at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** The time of a moment that is not far off. @param {string} iso */
export const clock = (iso) => new Date(iso).toLocaleTimeString(undefined, { timeStyle: "short" });

/** A point's name in words, such as "T5 upper left corner". @param {string} name */
export function pointName(name) {
  const corner = /^([TL]\d+)_(superior|inferior)_(\w+)$/.exec(name);
  const sides = { left: "left", right: "right", anterior: "front", posterior: "back" };
  const side = (/** @type {string} */ s) => sides[/** @type {keyof typeof sides} */ (s)] ?? s;
  if (corner) {
    return `${corner[1]} ${corner[2] === "superior" ? "upper" : "lower"} ${side(corner[3])} corner`;
  }
  const end = /^(S1|iliac_crest|femoral_head)_(\w+)$/.exec(name);
  if (end) {
    const what = { S1: "S1", iliac_crest: "iliac crest", femoral_head: "femoral head" };
    return `${what[/** @type {keyof typeof what} */ (end[1])]} ${side(end[2])}`;
  }
  return name === "C7_centre" ? "C7 centre" : name.replaceAll("_", " ");
}
