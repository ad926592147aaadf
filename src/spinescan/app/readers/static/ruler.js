/** Measuring: two endplate lines on the film make an angle. By pointer, or by keys. */

const RULER_COLOURS = ["#ffb000", "#56beff", "#7fe0a3", "#f3a6ee"];
const ruler = {
  /** What is measured now. @type {Target | null} */
  target: null,
  /** Lines and single ends of it. @type {XY[]} */
  ends: [],
  /** The cross that keys move, in film pixels. @type {XY | null} */
  cross: null,
};
/** Lines of the film that is shown, by target. @type {() => [Target, Line[]][]} */
let linesShown = () => [];
/** Called with the lines of a target whenever they change. @type {(target: Target, lines: Line[]) => void} */
let onLines = () => {};
/** The end that is dragged: its line's ends and which of them. @type {{ target: Target, lines: Line[], line: number, end: number } | null} */
let dragged = null;
/** @type {Map<number, XY>} */
const pointers = new Map();

/** @param {Target} target */
function measure(target) {
  Object.assign(ruler, { target, ends: [], cross: null });
  stage.classList.add("measuring");
  hintAt();
  draw();
}

function stopMeasuring() {
  Object.assign(ruler, { target: null, ends: [], cross: null });
  stage.classList.remove("measuring");
  byId("hint", HTMLElement).hidden = true;
  draw();
}

function hintAt() {
  const hint = byId("hint", HTMLElement);
  const plates = ruler.target === "ll" ? ["upper endplate of L1", "upper endplate of S1"]
    : ruler.target === "tk" ? ["upper endplate of T4", "lower endplate of T12"]
    : ["upper endplate of the upper end vertebra", "lower endplate of the lower end vertebra"];
  hint.textContent = `Draw along the ${plates[ruler.ends.length < 2 ? 0 : 1]}. Esc stops.`;
  hint.hidden = false;
}

/** @param {XY[]} ends @returns {Line[]} */
function linesOf(ends) {
  /** @type {Line[]} */
  const lines = [];
  for (let i = 0; i + 1 < ends.length; i += 2) lines.push([ends[i], ends[i + 1]]);
  return lines;
}

/** @param {XY} end */
function addEnd(end) {
  if (ruler.target === null) return;
  ruler.ends.push([Math.round(end[0] * 10) / 10, Math.round(end[1] * 10) / 10]);
  if (ruler.ends.length === 4) {
    const { target, ends } = ruler;
    stopMeasuring();
    onLines(target, linesOf(ends));
  } else {
    hintAt();
    draw();
  }
}

/** @param {XY} at in the stage */
function endNear(at) {
  for (const [target, lines] of linesShown()) {
    for (const [line, ends] of lines.entries()) {
      const end = ends.findIndex((one) => distance(toStage(one), at) < 12);
      if (end >= 0) return { target, lines, line, end };
    }
  }
  return null;
}

drawMarks = (context) => {
  context.lineCap = "round";
  for (const [target, lines] of linesShown()) {
    const colour = RULER_COLOURS[typeof target === "number" ? target % 4 : target === "tk" ? 0 : 1];
    for (const line of lines) drawPlate(context, line, colour);
    const angle = angleOf(lines);
    if (angle !== null) drawAngle(context, lines, `${angle.toFixed(1)}°`, colour);
  }
  if (ruler.target !== null) {
    for (const line of linesOf(ruler.ends)) drawPlate(context, line, "#fff");
    const last = ruler.ends.length % 2 ? ruler.ends[ruler.ends.length - 1] : null;
    if (last && ruler.cross) drawPlate(context, [last, ruler.cross], "#fff");
    if (ruler.cross) drawCross(context, toStage(ruler.cross));
  }
};

/** @param {CanvasRenderingContext2D} context @param {Line} line @param {string} colour */
function drawPlate(context, line, colour) {
  const [a, b] = line.map(toStage);
  for (const [width, ink] of /** @type {[number, string][]} */ ([[5, "#000a"], [2, colour]])) {
    context.lineWidth = width;
    context.strokeStyle = ink;
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    context.stroke();
  }
  for (const [x, y] of [a, b]) {
    context.beginPath();
    context.arc(x, y, 5, 0, 7);
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {Line[]} lines @param {string} text @param {string} colour */
function drawAngle(context, lines, text, colour) {
  const ends = lines.flat().map(toStage);
  const x = within(Math.max(...ends.map((end) => end[0])) + 14, 8, stage.clientWidth - 70);
  const y = ends.reduce((sum, end) => sum + end[1], 0) / ends.length;
  context.font = "600 16px system-ui, sans-serif";
  context.lineWidth = 4;
  context.strokeStyle = "#000c";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** @param {CanvasRenderingContext2D} context @param {XY} at */
function drawCross(context, [x, y]) {
  context.lineWidth = 1.5;
  context.strokeStyle = "#fff";
  context.beginPath();
  for (const [dx, dy] of [[12, 0], [0, 12]]) {
    context.moveTo(x - dx, y - dy);
    context.lineTo(x + dx, y + dy);
  }
  context.stroke();
}

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  stage.setPointerCapture(event.pointerId);
  const at = placeOf(event);
  pointers.set(event.pointerId, at);
  dragged = ruler.target === null ? endNear(at) : null;
  if (ruler.target !== null && pointers.size === 1) {
    if (ruler.ends.length % 2) ruler.ends.pop();
    addEnd(toFilm(at));
    ruler.cross = toFilm(at);
  }
});
stage.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  const at = placeOf(event);
  if (!before) return;
  pointers.set(event.pointerId, at);
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1] ?? at;
    zoom(distance(at, other) / Math.max(distance(before, other), 1), other);
  } else if (dragged) {
    dragged.lines[dragged.line][dragged.end] = toFilm(at);
    onLines(dragged.target, dragged.lines);
  } else if (ruler.target !== null) {
    ruler.cross = toFilm(at);
    draw();
  } else {
    move(at[0] - before[0], at[1] - before[1]);
  }
});
/** @param {PointerEvent} event */
function pointerGone(event) {
  const at = pointers.get(event.pointerId);
  pointers.delete(event.pointerId);
  dragged = null;
  const start = ruler.ends[ruler.ends.length - 1];
  if (!at || ruler.target === null || ruler.ends.length % 2 === 0) return;
  ruler.cross = null;
  if (event.type === "pointerup" && distance(toStage(start), at) > 8) addEnd(toFilm(at));
  else ruler.ends.pop(); // a touch without a line
  draw();
}
stage.addEventListener("pointerup", pointerGone);
stage.addEventListener("pointercancel", pointerGone);
stage.addEventListener("keydown", (event) => {
  const steps = /** @type {Record<string, XY>} */ ({
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  });
  const step = steps[event.key];
  if (step && ruler.target !== null) {
    const [x, y] = ruler.cross ?? toFilm([stage.clientWidth / 2, stage.clientHeight / 2]);
    const far = (event.shiftKey ? 1 : 6) / camera.scale;
    ruler.cross = [x + step[0] * far, y + step[1] * far];
    draw();
  } else if (step) {
    move(-40 * step[0], -40 * step[1]);
  } else if (event.key === "Enter" && ruler.cross) {
    addEnd(ruler.cross);
  } else {
    return;
  }
  event.preventDefault();
});
