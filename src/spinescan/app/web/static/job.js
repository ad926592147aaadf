/** Many films: how far they are, and each one's answer. */

/** @import { Job } from "./types.js" */

import * as api from "./api.js";
import { h, renew, tell } from "./dom.js";
import { namesOf } from "./names.js";
import { button, errorText, showPage } from "./widgets.js";

const ASK_MS = 700;

/** @param {string} id */
export async function jobPage(id) {
  let gone = false;
  const names = namesOf(id);
  const body = h("div", { class: "sheet" });
  showPage("Films", body);

  /** @param {Job} job */
  function show(job) {
    const open = job.state === "waiting" || job.state === "running";
    const failed = job.results.filter((r) => r.error).length;
    renew(body, [
      h("h1", {}, `${job.total} films`),
      h("p", { role: "status" }, open
        ? `${job.done} of ${job.total} read.`
        : job.state === "cancelled" ? `Stopped after ${job.done} of ${job.total}.`
          : `All ${job.total} read${failed ? `, ${failed} could not be` : ""}.`),
      h("progress", { max: job.total, value: job.done, "aria-label": "Films read" }),
      open ? button("Stop", () => void stop(), { id: "job-stop" }) : null,
      h("ul", { class: "films" }, job.results.map((r) => h("li", {},
        h("span", { class: "film-name" }, names[r.number - 1] ?? `Film ${r.number}`),
        r.scan ? h("a", { class: "button", href: `#film/${encodeURIComponent(r.scan)}` }, "Open")
          : r.error ? h("span", { class: "error" }, r.error.message)
            : h("span", { class: "soft" }, job.state === "cancelled" ? "not read" : "waiting")))),
    ]);
    return open;
  }

  async function stop() {
    try {
      await api.cancelJob(id);
    } catch (error) {
      tell(errorText(error), "wrong");
    }
  }

  async function follow() {
    while (!gone) {
      await new Promise((done) => window.setTimeout(done, ASK_MS));
      try {
        if (gone || !show(await api.getJob(id))) return;
      } catch (error) {
        if (error instanceof api.ApiError && (error.status === 0 || error.status === 429)) continue;
        tell(errorText(error), "wrong");
        return;
      }
    }
  }

  if (show(await api.getJob(id))) void follow();
  return () => {
    gone = true;
  };
}
