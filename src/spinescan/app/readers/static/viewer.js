/** The film: zoom, move, brightness, contrast, invert. Marks are drawn on a canvas of their own. */

const stage = byId("stage", HTMLElement);
const filmCanvas = byId("canvas", HTMLCanvasElement);
const marksCanvas = h("canvas", { "aria-hidden": "true" });
filmCanvas.after(marksCanvas);
const picture = new Image();
const light = { brightness: 1, contrast: 1, inverted: false };
/** Where the picture stands: stage = film * scale + (x, y). */
const camera = { scale: 1, x: 0, y: 0, fitted: true };
/** @type {(context: CanvasRenderingContext2D) => void} */
let drawMarks = () => {};

/** @param {number} film */
async function showPicture(film) {
  const data = document.getElementById(`picture-${film}`)?.textContent ?? "";
  picture.src = `data:image/png;base64,${data}`;
  await picture.decode();
  camera.fitted = true;
  asItWas();
}

/** @param {XY} at @returns {XY} */
function toFilm([x, y]) {
  return [(x - camera.x) / camera.scale, (y - camera.y) / camera.scale];
}

/** @param {XY} at @returns {XY} */
function toStage([x, y]) {
  return [x * camera.scale + camera.x, y * camera.scale + camera.y];
}

function fit() {
  const { clientWidth: width, clientHeight: height } = stage;
  camera.scale = Math.min(width / picture.width, height / picture.height) * 0.98 || 1;
  camera.x = (width - picture.width * camera.scale) / 2;
  camera.y = (height - picture.height * camera.scale) / 2;
  camera.fitted = true;
  draw();
}

/** @param {number} factor @param {XY} [about] */
function zoom(factor, about = [stage.clientWidth / 2, stage.clientHeight / 2]) {
  const scale = within(camera.scale * factor, 0.05, 12);
  const [x, y] = toFilm(about);
  Object.assign(camera, { scale, x: about[0] - x * scale, y: about[1] - y * scale, fitted: false });
  draw();
}

/** @param {number} dx @param {number} dy */
function move(dx, dy) {
  camera.x = within(camera.x + dx, 40 - picture.width * camera.scale, stage.clientWidth - 40);
  camera.y = within(camera.y + dy, 40 - picture.height * camera.scale, stage.clientHeight - 40);
  camera.fitted = false;
  draw();
}

/** @param {"brightness" | "contrast"} which @param {number} by */
function adjust(which, by) {
  light[which] = within(Math.round((light[which] + by) * 10) / 10, 0.3, 3);
  draw();
}

function invert() {
  light.inverted = !light.inverted;
  draw();
}

function asItWas() {
  Object.assign(light, { brightness: 1, contrast: 1, inverted: false });
  fit();
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  for (const canvas of [filmCanvas, marksCanvas]) {
    canvas.width = Math.round(stage.clientWidth * ratio);
    canvas.height = Math.round(stage.clientHeight * ratio);
  }
  const context = filmCanvas.getContext("2d");
  const marks = marksCanvas.getContext("2d");
  if (!context || !marks || !picture.complete) return;
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = camera.scale < 3;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, camera.x, camera.y, picture.width * camera.scale, picture.height * camera.scale);
  filmCanvas.style.filter =
    `invert(${light.inverted ? 1 : 0}) brightness(${light.brightness}) contrast(${light.contrast})`;
  marks.scale(ratio, ratio);
  drawMarks(marks);
}

/** @param {PointerEvent | WheelEvent} event @returns {XY} */
function placeOf(event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-within(event.deltaY, -100, 100) / 400), placeOf(event));
}, { passive: false });
new ResizeObserver(() => (camera.fitted ? fit() : draw())).observe(stage);
