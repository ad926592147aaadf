/** The first page: a film comes in. */

/** @import { About, Told } from "./types.js" */

import * as api from "./api.js";
import { h } from "./dom.js";
import { rememberNames } from "./names.js";
import { keepSession } from "./session.js";
import { button, errorText, field, select, showPage } from "./widgets.js";
import { capital } from "./words.js";

/** @param {About} about */
export function startPage(about) {
  const told = toldFields();
  const stop = new AbortController();
  const state = h("div", { class: "sending", "aria-live": "polite" });
  const input = h("input", {
    type: "file", id: "film-file", multiple: true, "aria-describedby": "film-hint",
    accept: ".png,.jpg,.jpeg,.tif,.tiff,.gif,.bmp,.dcm,.dicom,image/*,application/dicom",
    on: { change: () => input.files?.length && void begin([...input.files]) },
  });
  const drop = h("label", { class: "drop", for: "film-file" },
    h("span", { class: "drop-mark", "aria-hidden": "true" }),
    h("strong", {}, "Drop a film here, or choose one"),
    h("span", { class: "soft", id: "film-hint" },
      `PNG, JPEG, TIFF or DICOM, up to ${Math.round(about.max_bytes / 2 ** 20)} MB; several films become a job.`),
    input);
  const sheet = h("form", { class: "sheet start", on: { submit: (/** @type {Event} */ e) => e.preventDefault() } },
    h("h1", {}, "Scan a film of the spine"),
    drop, state, told.element,
    about.urls_allowed ? byAddress() : null,
    h("p", { class: "soft" },
      `Frontal and lateral films. A film is deleted after ${about.keep_minutes} minutes unless you save it to a case. ${about.product}.`));

  /** @param {File[]} files */
  async function begin(files) {
    if (input.disabled) return; // one is being sent
    const large = files.find((f) => f.size > about.max_bytes);
    if (large) return fail(`${large.name} is larger than ${Math.round(about.max_bytes / 2 ** 20)} MB.`);
    await sending(files.length > 1 ? `${files.length} films` : "the film", async (onSent) => {
      if (files.length === 1) {
        const answer = await api.upload("/scans", files, told.read(), onSent, stop.signal);
        keepSession(answer);
        return `#film/${answer.id}`;
      }
      const job = await api.upload("/jobs", files, told.read(), onSent, stop.signal);
      rememberNames(job.id, files.map((f) => f.name));
      return `#job/${job.id}`;
    });
  }

  /** @param {string} what @param {(onSent: (share: number) => void) => Promise<string>} work */
  async function sending(what, work) {
    const bar = h("progress", { max: 1, "aria-label": `Sending ${what}` });
    const text = h("p", {}, `Sending ${what} ...`);
    sheet.classList.add("busy");
    state.replaceChildren(text, bar);
    input.disabled = true;
    try {
      location.hash = await patient(() => work((share) => {
        if (share < 1) bar.value = share;
        else bar.removeAttribute("value");
        if (share >= 1) text.textContent = `Reading ${what} ...`;
      }), text);
    } catch (error) {
      if (!stop.signal.aborted) fail(errorText(error));
    } finally {
      sheet.classList.remove("busy");
      input.disabled = false;
      input.value = "";
    }
  }

  /** Where the server has no place left, waits as long as it says, and tries again.
   * @param {() => Promise<string>} work @param {HTMLElement} text @returns {Promise<string>} */
  async function patient(work, text) {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof api.ApiError) || error.status !== 429) throw error;
        for (let left = error.wait_s; left > 0; left--) {
          text.textContent = `The server is busy with other films. Trying again in ${left} s ...`;
          await new Promise((done) => window.setTimeout(done, 1000));
          stop.signal.throwIfAborted();
        }
      }
    }
  }

  /** @param {string} message */
  function fail(message) {
    state.replaceChildren(h("p", { class: "error", role: "alert" }, message),
      h("p", { class: "soft" }, "Nothing was kept. Choose another film, or this one again."));
  }

  function byAddress() {
    const url = h("input", { type: "url", id: "film-url", placeholder: "https://" });
    return h("div", { class: "row" }, field("Or the address of a film", url),
      button("Fetch", () => void sending("the film", async (onSent) => {
        onSent(1);
        const answer = await api.scanUrl(url.value, told.read(), stop.signal);
        keepSession(answer);
        return `#film/${answer.id}`;
      })));
  }

  showPage("Scan a film", sheet);
  const away = dropping(drop, (files) => void begin(files));
  return () => {
    stop.abort();
    away();
  };
}

/** Films may be dropped anywhere on the page. @param {HTMLElement} target @param {(files: File[]) => void} take */
function dropping(target, take) {
  /** @param {DragEvent} event */
  const over = (event) => {
    event.preventDefault();
    target.classList.add("over");
  };
  const out = () => target.classList.remove("over");
  /** @param {DragEvent} event */
  const fall = (event) => {
    event.preventDefault();
    out();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) take(files);
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", out);
  document.addEventListener("drop", fall);
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("dragleave", out);
    document.removeEventListener("drop", fall);
  };
}

/** What is known of the patient beside the film. */
function toldFields() {
  const brace = h("input", { type: "checkbox", id: "in-brace" });
  const choice = (/** @type {string} */ id, /** @type {string[]} */ values) =>
    select({ id }, [["", "Not told"], ...values.map((v) => /** @type {[string, string]} */ ([v, capital(v)]))]);
  const age = choice("age", ["child", "adolescent", "adult"]);
  const posture = choice("posture", ["standing", "supine"]);
  const element = h("fieldset", { class: "told" },
    h("legend", {}, "What the film does not show"),
    h("label", { class: "check" }, brace, "Taken in a brace"),
    field("Age group", age), field("Posture", posture));
  /** @returns {Told} */
  const read = () => ({
    in_brace: brace.checked,
    age: /** @type {Told["age"]} */ (age.value || null),
    posture: /** @type {Told["posture"]} */ (posture.value || null),
  });
  return { element, read };
}
