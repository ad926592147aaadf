/** One film after the other. */

const count = setup.views.length;
let current = 0;

/** @param {number} film */
function show(film) {
  if (film < 1 || film > count || film === current) return;
  current = film;
  stopMeasuring();
  tell("");
  fillForm();
  showPicture(film).catch(() => tell(`The picture of film ${film} cannot be shown.`));
}

/** The answer has changed. @param {boolean} again whether fields come or go */
function changed(again) {
  keep();
  if (again) fillForm();
  else tellProgress();
  draw();
}

function fillForm() {
  const answer = answerOf(current);
  const form = byId("answer", HTMLFormElement);
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  const key = focused && form.contains(focused) ? keyOf(focused) : "";
  form.replaceChildren(
    h("h2", {}, `Film ${current} of ${count}`),
    choice("readable", "Can this film be read?", [{ code: "yes", text: "Yes" }, { code: "no", text: "No" }],
      answer.readable === null ? "" : answer.readable ? "yes" : "no", (code) => {
        answer.readable = code ? code === "yes" : null;
        if (answer.readable !== false) answer.reason = "";
        changed(true);
      }),
    ...(answer.readable === false ? [reasonPart(answer)] : readingPart(answer)),
    choice("confidence", "How sure are you?", plain(setup.confidences), answer.confidence, (code) => {
      answer.confidence = code;
      changed(false);
    }),
    h("label", { class: "field" }, h("span", {}, "Remark (no names)"),
      h("textarea", {
        rows: 2, maxlength: 1000,
        on: { input: (/** @type {any} */ event) => { answer.remark = event.target.value; changed(false); } },
      }, answer.remark)),
    h("div", { class: "steps" },
      h("button", { type: "button", id: "previous", disabled: current === 1, on: { click: () => show(current - 1) } }, "Previous"),
      h("button", { type: "button", id: "next", class: "main", disabled: current === count, on: { click: () => show(current + 1) } }, "Next film")),
  );
  if (key) [...form.querySelectorAll("input, select, button, textarea")].forEach((one) => {
    if (one instanceof HTMLElement && keyOf(one) === key) one.focus();
  });
  tellProgress();
}

/** What tells a field from others when the form is made again. @param {HTMLElement} one */
function keyOf(one) {
  return one.id || (one instanceof HTMLInputElement ? `${one.name}=${one.value}` : "");
}

/** @param {Answer} answer */
function reasonPart(answer) {
  const reasons = Object.entries(setup.reasons).map(([code, text]) => ({ code, text }));
  return choice("reason", "Why not?", reasons, answer.reason, (code) => {
    answer.reason = code;
    changed(false);
  });
}

/** @param {Answer} answer */
function readingPart(answer) {
  const parts = [];
  if (viewsAsked.length > 1) {
    parts.push(choice("view", "View", plain(["frontal", "lateral", "other"]), answer.view, (code) => {
      answer.view = code;
      changed(true);
    }));
  }
  if (setup.asks_curves && answer.view === "frontal") parts.push(curvesPart(answer, changed));
  if (setup.asks_sagittal && answer.view === "lateral") parts.push(sagittalPart(answer, changed));
  for (const asked of questionsFor(answer)) {
    const family = asked.families[answer.labels[asked.task]];
    parts.push(choice(asked.task, family ? `${asked.title} (family ${family})` : asked.title, asked.options,
      answer.labels[asked.task] ?? "", (code) => {
        if (code) answer.labels[asked.task] = code;
        else delete answer.labels[asked.task];
        changed(true);
      }));
  }
  return parts;
}

function tellProgress() {
  const states = setup.views.map((_, place) => stateOf(place + 1));
  const done = states.filter((state) => state === "done").length;
  byId("progress", HTMLElement).textContent = `${done} of ${count} films answered`;
  const words = { open: "not answered", begun: "begun", done: "answered" };
  const list = byId("films", HTMLElement);
  if (list.children.length !== count) {
    list.replaceChildren(...states.map((_, place) => h("li", {},
      h("button", { type: "button", on: { click: () => show(place + 1) } }, String(place + 1)))));
  }
  states.forEach((state, place) => {
    const button = /** @type {HTMLElement} */ (list.children[place].firstElementChild);
    button.className = state;
    button.setAttribute("aria-label", `Film ${place + 1}, ${words[/** @type {keyof typeof words} */ (state)]}`);
    if (place + 1 === current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const at = event.target;
  const typing = at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement
    || (at instanceof HTMLInputElement && at.type === "number");
  if (event.key === "Escape") stopMeasuring();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const does = /** @type {Record<string, () => void>} */ ({
    n: () => show(current + 1), p: () => show(current - 1), "+": () => zoom(1.25), "=": () => zoom(1.25),
    "-": () => zoom(0.8), 0: fit, b: () => adjust("brightness", 0.1), d: () => adjust("brightness", -0.1),
    c: () => adjust("contrast", 0.1), v: () => adjust("contrast", -0.1), i: invert, r: asItWas, m: measureNext,
  });
  does[event.key.toLowerCase()]?.();
}

/** Measures what has no angle yet; a curve is added if there is none. */
function measureNext() {
  const answer = answerOf(current);
  if (answer.readable === false) return;
  if (setup.asks_sagittal && answer.view === "lateral") {
    measure(answer.tk_deg === null ? "tk" : "ll");
  } else if (setup.asks_curves && answer.view === "frontal" && !answer.no_curve) {
    let place = answer.curves.findIndex((curve) => curve.cobb_deg === null);
    if (place < 0 && answer.curves.length < setup.most_curves) {
      place = answer.curves.push({ ...FRESH_CURVE }) - 1;
      changed(true);
    }
    if (place >= 0) measure(place);
  }
  stage.focus();
}

function fillToolbar() {
  /** @type {[string, string, () => void][]} */
  const tools = [
    ["−", "Zoom out", () => zoom(0.8)], ["+", "Zoom in", () => zoom(1.25)], ["Fit", "Fit the film", fit],
    ["Darker", "Darker", () => adjust("brightness", -0.1)], ["Brighter", "Brighter", () => adjust("brightness", 0.1)],
    ["Less contrast", "Less contrast", () => adjust("contrast", -0.1)],
    ["More contrast", "More contrast", () => adjust("contrast", 0.1)],
    ["Invert", "Invert", invert], ["Reset", "Show the film as it was", asItWas],
  ];
  document.querySelector(".toolbar")?.replaceChildren(...tools.map(([text, label, does]) =>
    h("button", { type: "button", "aria-label": label, title: label, on: { click: does } }, text)));
}

linesShown = () => (current ? linesIn(answerOf(current)) : []);
onLines = (target, lines) => {
  putLines(answerOf(current), target, lines);
  changed(true);
};
document.addEventListener("keydown", onKey);
byId("save", HTMLButtonElement).addEventListener("click", download);
const importer = byId("import", HTMLInputElement);
byId("open", HTMLButtonElement).addEventListener("click", () => importer.click());
importer.addEventListener("change", async () => {
  const file = importer.files?.[0];
  importer.value = "";
  if (!file) return;
  const wrong = takeFile(await file.text());
  fillForm();
  draw();
  tell(wrong);
});
byId("answer", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => {
  if (!keptHere && changedSinceFile) event.preventDefault();
});
fillToolbar();
readKept();
show(1);
