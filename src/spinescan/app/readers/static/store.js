/** The answers: kept in this browser with every change, exported to a file and read from one. */

/** @type {Setup} */
const setup = JSON.parse(byId("setup", HTMLElement).textContent ?? "{}");
const keptUnder = `spinescan-readers:${setup.set}:${setup.reader}`;
const viewsAsked = [...new Set(setup.questions.map((one) => one.view).filter(Boolean))];
/** @type {Map<number, Answer>} */
const answers = new Map();
let keptHere = true;
let changedSinceFile = false;

/** @param {number} film @returns {Answer} */
function blankAnswer(film) {
  return {
    film, view: viewsAsked.length === 1 ? viewsAsked[0] : setup.views[film - 1], readable: null,
    reason: "", labels: {}, no_curve: false, curves: [], tk_deg: null, tk_lines_xy: null,
    ll_deg: null, ll_lines_xy: null, confidence: "", remark: "",
  };
}

/** @param {number} film @returns {Answer} */
function answerOf(film) {
  let answer = answers.get(film);
  if (!answer) answers.set(film, (answer = blankAnswer(film)));
  return answer;
}

/** @param {Answer} answer @returns {Question[]} */
function questionsFor(answer) {
  return setup.questions.filter((one) => !one.view || one.view === answer.view);
}

/** Nothing said yet, some of it, or all that is asked. @param {number} film */
function stateOf(film) {
  const answer = answers.get(film);
  if (!answer || JSON.stringify(answer) === JSON.stringify(blankAnswer(film))) return "open";
  if (answer.readable === false) return answer.reason ? "done" : "begun";
  const told = answer.readable && answer.view && questionsFor(answer).every((one) => answer.labels[one.task]);
  return told ? "done" : "begun";
}

function keep() {
  changedSinceFile = true;
  try {
    localStorage.setItem(keptUnder, JSON.stringify([...answers.values()]));
  } catch {
    keptHere = false;
    tell("This browser does not keep answers: download them before you close the page.");
  }
}

function readKept() {
  try {
    const kept = localStorage.getItem(keptUnder);
    if (kept) takeAnswers(JSON.parse(kept));
  } catch {
    tell("Answers kept earlier in this browser could not be read.");
  }
}

/** @param {any[]} given */
function takeAnswers(given) {
  answers.clear();
  for (const one of given) {
    if (Number.isInteger(one.film) && one.film >= 1 && one.film <= setup.views.length) {
      answers.set(one.film, { ...blankAnswer(one.film), ...one });
    }
  }
}

function exported() {
  const said = [...answers.values()].filter((one) => stateOf(one.film) !== "open");
  return {
    format: setup.format, version: 1, set: setup.set, reader: setup.reader,
    saved: new Date().toISOString(), answers: said.sort((a, b) => a.film - b.film),
  };
}

function download() {
  const text = `${JSON.stringify(exported(), null, 1)}\n`;
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: address, download: `answers-${setup.reader}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  changedSinceFile = false;
}

/** Puts the answers of a file in the place of those here. @param {string} text */
function takeFile(text) {
  /** @type {any} */
  let given;
  try {
    given = JSON.parse(text);
  } catch {
    given = null;
  }
  if (given?.format !== setup.format || given.version !== 1 || !Array.isArray(given.answers)) {
    return "This is not a file of answers from such a form.";
  }
  if (given.set !== setup.set) return "These answers belong to another set of films.";
  if (given.reader !== setup.reader) return `These are the answers of reader ${given.reader}.`;
  takeAnswers(given.answers);
  keep();
  return "";
}
