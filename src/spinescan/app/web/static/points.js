/** What a reader can do to the points of a film: pure functions from points to points. */

/** @import { Edit, Ends, Landmarks, Origin, Points, Report, Told, View, XY } from "./types.js" */

export const LEVELS = [
  ...Array.from({ length: 12 }, (_, i) => `T${i + 1}`),
  ...Array.from({ length: 5 }, (_, i) => `L${i + 1}`),
];

/** The film's edge of a vertebra first, so that two by two they are endplates. */
export const CORNERS = {
  frontal: ["superior_left", "superior_right", "inferior_left", "inferior_right"],
  lateral: [
    "superior_anterior", "superior_posterior", "inferior_anterior", "inferior_posterior",
  ],
};

/** What else a film may show, as groups that come and go together. */
export const EXTRAS = {
  frontal: {
    "S1": ["S1_left", "S1_right"],
    "iliac crests": ["iliac_crest_left", "iliac_crest_right"],
    "femoral heads": ["femoral_head_left", "femoral_head_right"],
    "C7": ["C7_centre"],
  },
  lateral: {
    "S1": ["S1_anterior", "S1_posterior"],
    "femoral heads": ["femoral_head_left", "femoral_head_right"],
    "C7": ["C7_centre"],
  },
};

/** A Report's JSON rounds to hundredths of a pixel: less than this is no edit. */
const SAME_PX = 0.011;

/** @param {View} view @param {Landmarks | null} landmarks @returns {Points} */
export function pointsOf(view, landmarks) {
  const names = landmarks?.names ?? [];
  return {
    view,
    places: new Map(names.map((name, i) => [name, /** @type {Landmarks} */ (landmarks).points_xy[i]])),
    derived: new Set(),
    certain: landmarks?.levels_certain ?? false,
    ends: null,
    told: null,
  };
}

/** @param {Edit} edit @returns {Points} */
export function pointsOfEdit(edit) {
  return {
    view: edit.view,
    places: new Map(edit.names.map((name, i) => [name, edit.points_xy[i]])),
    derived: new Set(edit.names.filter((_, i) => edit.origin?.[i] === "derived")),
    certain: edit.levels_certain,
    ends: edit.ends,
    told: edit.told,
  };
}

/** @param {Points} points @param {Points} machine @param {string} name @returns {Origin} */
export function originOf(points, machine, name) {
  const here = points.places.get(name), there = machine.places.get(name);
  if (here && there && Math.max(Math.abs(here[0] - there[0]), Math.abs(here[1] - there[1])) <= SAME_PX) {
    return "machine";
  }
  return points.derived.has(name) ? "derived" : "edited";
}

/** Whether a reader changed anything. @param {Points} points @param {Points} machine */
export function isEdited(points, machine) {
  return (
    points.view !== machine.view ||
    points.ends !== null ||
    points.certain !== machine.certain ||
    points.told !== null ||
    points.places.size !== machine.places.size ||
    [...points.places.keys()].some((name) => originOf(points, machine, name) !== "machine")
  );
}

/** @param {Points} points @param {Points} machine @returns {Edit} */
export function editOf(points, machine) {
  const names = [...points.places.keys()];
  return {
    view: points.view,
    names,
    points_xy: [...points.places.values()],
    origin: names.map((name) => originOf(points, machine, name)),
    levels_certain: points.certain,
    ends: points.ends ? [...points.ends] : null,
    told: points.told,
  };
}

/** @param {Points} points @param {string} name @param {XY} xy @returns {Points} */
export function moved(points, name, xy) {
  const places = new Map(points.places);
  places.set(name, [Math.round(xy[0] * 100) / 100, Math.round(xy[1] * 100) / 100]);
  return { ...points, places, derived: without(points.derived, [name]) };
}

/** @param {Points} points @param {readonly Ends[] | null} ends @returns {Points} */
export const withEnds = (points, ends) => ({ ...points, ends: ends?.length ? ends : null });
/** @param {Points} points @param {boolean} certain @returns {Points} */
export const withCertain = (points, certain) => ({ ...points, certain });
/** @param {Points} points @param {Told} told @returns {Points} */
export const withTold = (points, told) => ({ ...points, told });

/** The names of a level's corners. @param {View} view @param {string} level */
export const cornersOf = (view, level) => CORNERS[view].map((corner) => `${level}_${corner}`);

/** Levels with all their corners, from the head down. @param {Points} points */
export function levelsOf(points) {
  return LEVELS.filter((v) => cornersOf(points.view, v).every((name) => points.places.has(name)));
}

/** The corners of a level. @param {Points} points @param {string} level @returns {XY[]} */
export const bodyOf = (points, level) =>
  cornersOf(points.view, level).map((name) => /** @type {XY} */ (points.places.get(name)));

/** @param {XY[]} points @returns {XY} */
export function middle(points) {
  const n = points.length;
  return [points.reduce((s, p) => s + p[0], 0) / n, points.reduce((s, p) => s + p[1], 0) / n];
}

/** @param {Iterable<string>} all @param {string[]} gone @returns {Set<string>} */
function without(all, gone) {
  const kept = new Set(all);
  for (const name of gone) kept.delete(name);
  return kept;
}

/** The level of a corner's name, or null for the other points. @param {string} name */
function levelOf(name) {
  const level = name.slice(0, name.indexOf("_"));
  return LEVELS.includes(level) ? level : null;
}

/**
 * Levels renamed; those that leave the table T1..L5 are left out, chosen ends go along.
 * @param {Points} points
 * @param {(level: string) => string | undefined} rename undefined: the level is left out
 * @returns {Points}
 */
function renamed(points, rename) {
  /** @param {string} name */
  const whole = (name) => {
    const level = levelOf(name);
    if (level === null) return name;
    const to = rename(level);
    return to && to + name.slice(level.length);
  };
  /** @type {Map<string, XY>} */
  const places = new Map();
  const derived = new Set();
  for (const [name, xy] of points.places) {
    const to = whole(name);
    if (!to) continue;
    places.set(to, xy);
    if (points.derived.has(name)) derived.add(to);
  }
  const kept = points.ends?.flatMap(({ upper, lower }) => {
    const pair = { upper: rename(upper), lower: rename(lower) };
    const span = LEVELS.indexOf(pair.lower ?? "") - LEVELS.indexOf(pair.upper ?? "");
    return pair.upper && pair.lower && span >= 2 ? [/** @type {Ends} */ (pair)] : [];
  });
  return inOrder({ ...points, places, derived, ends: kept?.length ? kept : null });
}

/** Names from the head down, as the machine gives them. @param {Points} points @returns {Points} */
function inOrder(points) {
  const all = [
    ...LEVELS.flatMap((level) => cornersOf(points.view, level)),
    ...Object.values(EXTRAS[points.view]).flat(),
  ];
  const rank = new Map(all.map((name, i) => [name, i]));
  const places = new Map(
    [...points.places].sort(([a], [b]) => (rank.get(a) ?? 99) - (rank.get(b) ?? 99)),
  );
  return { ...points, places };
}

/** All level names moved: +1 calls T5 what was T4. @param {Points} points @param {1 | -1} by */
export const shifted = (points, by) => renamed(points, (v) => LEVELS[LEVELS.indexOf(v) + by]);

/** Whether a shift leaves a level at all. @param {Points} points @param {1 | -1} by */
export const canShift = (points, by) => levelsOf(shifted(points, by)).length > 0;

/**
 * Without a level or a group of `EXTRAS`; `close` moves the names below up by one.
 * @param {Points} points @param {string} what @param {boolean} close @returns {Points}
 */
export function removed(points, what, close) {
  const extras = /** @type {Record<string, string[]>} */ (EXTRAS[points.view])[what];
  if (extras) {
    const places = new Map([...points.places].filter(([name]) => !extras.includes(name)));
    return { ...points, places, derived: without(points.derived, extras) };
  }
  const at = LEVELS.indexOf(what);
  return renamed(points, (v) => {
    const k = LEVELS.indexOf(v);
    if (k === at) return undefined;
    return close && k > at ? LEVELS[k - 1] : v;
  });
}

/** With a vertebra between two neighbours: the names below move down by one.
 * @param {Points} points @param {string} upper @returns {Points} */
export function inserted(points, upper) {
  const at = LEVELS.indexOf(upper);
  const apart = renamed(points, (v) => LEVELS[LEVELS.indexOf(v) + (LEVELS.indexOf(v) > at ? 1 : 0)]);
  return added(apart, LEVELS[at + 1]);
}

/**
 * With a level that was missing: between its neighbours, or carried on from the nearest two.
 * @param {Points} points @param {string} level @returns {Points}
 */
export function added(points, level) {
  const levels = levelsOf(points);
  if (!levels.length || levels.includes(level)) return points;
  const at = LEVELS.indexOf(level);
  const row = (/** @type {string} */ v) => LEVELS.indexOf(v);
  const above = levels.filter((v) => row(v) < at).slice(-2).reverse();
  const below = levels.filter((v) => row(v) > at).slice(0, 2);
  const [near, far] =
    above.length && below.length ? [above[0], below[0]] : above.length ? above : below;
  const from = bodyOf(points, near);
  let step = from.map(() => /** @type {XY} */ ([0, 1.25 * heightOf(from) * Math.sign(at - row(near))]));
  if (far) {
    const to = bodyOf(points, far), share = (at - row(near)) / (row(far) - row(near));
    step = from.map((p, i) => [(to[i][0] - p[0]) * share, (to[i][1] - p[1]) * share]);
  }
  const names = cornersOf(points.view, level);
  const places = new Map(points.places);
  names.forEach((name, i) => {
    places.set(name, hundredths(from[i][0] + step[i][0], from[i][1] + step[i][1]));
  });
  return inOrder({ ...points, places, derived: new Set([...points.derived, ...names]) });
}

/** @param {number} x @param {number} y @returns {XY} */
const hundredths = (x, y) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
/** @param {XY[]} body */
const heightOf = (body) => Math.abs(middle(body.slice(2))[1] - middle(body.slice(0, 2))[1]) || 20;

/**
 * With points that were not on the film, roughly where they belong, for the reader to place.
 * @param {Points} points @param {string} what a group of `EXTRAS` @returns {Points}
 */
export function addedExtra(points, what) {
  const levels = levelsOf(points);
  const names = /** @type {Record<string, string[]>} */ (EXTRAS[points.view])[what];
  if (!levels.length || !names) return points;
  const first = bodyOf(points, levels[0]), last = bodyOf(points, levels[levels.length - 1]);
  const [x, y] = middle(last.slice(2)), height = heightOf(last);
  const width = Math.max(Math.abs(last[3][0] - last[2][0]), Math.abs(last[1][0] - last[0][0]), 10);
  const way = last[2][0] <= last[3][0] ? 1 : -1; // lateral films: which way the front is
  const [topX, topY] = middle(first);
  /** @type {Record<string, XY[]>} */
  const where = {
    "S1": [-0.5, 0.5].map((k) => [x + way * k * width, y + 0.5 * height]),
    "iliac crests": [-2.2, 2.2].map((k) => [x + k * width, y - 0.5 * height]),
    "femoral heads": (points.view === "frontal" ? [-2, 2] : [-0.2, 0.2])
      .map((k) => [x + k * width, y + 4 * height]),
    "C7": [[topX, topY - 1.4 * heightOf(first)]],
  };
  const places = new Map(points.places);
  names.forEach((name, i) => places.set(name, hundredths(...where[what][i])));
  return inOrder({ ...points, places, derived: new Set([...points.derived, ...names]) });
}

/** Points for a film on which the machine found none: a column for the reader to place.
 * @param {View} view @param {Report} report @returns {Points} */
export function column(view, report) {
  const [rows, columns] = report.size;
  const step = (0.75 * rows) / LEVELS.length, half = (0.35 * step * report.pixel_aspect);
  /** @type {Map<string, XY>} */
  const places = new Map();
  LEVELS.forEach((level, k) => {
    const y = 0.1 * rows + k * step;
    const corners = [[-1, 0], [1, 0], [-1, 0.8], [1, 0.8]];
    cornersOf(view, level).forEach((name, i) => {
      places.set(name, hundredths(columns / 2 + corners[i][0] * 1.8 * half, y + corners[i][1] * step));
    });
  });
  const derived = new Set(places.keys());
  return { view, places, derived, certain: false, ends: null, told: null };
}
