/** Where the page begins: the server's facts, then one page for each address after the #. */

/** @import { About, Bundle } from "./types.js" */

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import { anyUnsaved } from "./session.js";
import { startPage } from "./start.js";
import { askToken } from "./token.js";
import { errorText, showPage } from "./widgets.js";
import { learnWords } from "./words.js";

/** @type {About} */
let about;
/** @type {Promise<Bundle[]> | null} */
let bundles = null;
/** Ends the page that is shown. @type {() => void} */
let leave = () => {};
let turn = 0;

/** The model cards; a page without them is better than none. */
const cards = () => (bundles ??= api.bundles().catch(() => []));

/** @type {Record<string, (parts: string[]) => Promise<(() => void) | void>>} */
const PAGES = {
  "": async () => startPage(about),
  // The rest is fetched when it is first needed.
  film: async ([id]) => (await import("./film.js")).filmPage(id, about, await cards()),
  job: async ([id]) => (await import("./job.js")).jobPage(id),
  cases: async () => (await import("./cases.js")).casesPage(),
  case: async ([id]) => (await import("./case.js")).casePage(id),
  compare: async ([id, first, second]) => (await import("./compare.js")).comparePage(id, first, second),
};

async function show() {
  const mine = ++turn;
  const [page, ...parts] = location.hash.slice(1).split("/");
  leave();
  leave = () => {};
  for (const [id, here] of [["nav-new", page === ""], ["nav-cases", /^cases?$/.test(page)]]) {
    if (here) byId(String(id)).setAttribute("aria-current", "page");
    else byId(String(id)).removeAttribute("aria-current");
  }
  try {
    const close = await (PAGES[page] ?? PAGES[""])(parts);
    if (mine !== turn) return close?.();
    leave = close ?? (() => {});
    // Who uses keys or a screen reader goes on where the new page begins.
    if (mine > 1) byId("main").focus({ preventScroll: true });
  } catch (error) {
    if (mine === turn) failed(error);
  }
}

/** @param {unknown} error */
function failed(error) {
  showPage("Not opened", h("div", { class: "sheet" },
    h("h1", {}, "This could not be opened"), h("p", { role: "alert" }, errorText(error)),
    h("p", {}, h("a", { class: "button", href: "#" }, "Scan a film"))));
}

async function begin() {
  api.setTokenPrompt(askToken);
  try {
    about = await api.about();
  } catch (error) {
    failed(error);
    return;
  }
  learnWords(about);
  byId("research").textContent = about.research_use;
  byId("nav-cases").hidden = !about.cases;
  await api.prepareToken(about);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address names the page
    byId("main").focus();
  });
  window.addEventListener("hashchange", () => void show());
  window.addEventListener("beforeunload", (e) => anyUnsaved() && e.preventDefault());
  await show();
  performance.mark("interactive");
}

void begin();
