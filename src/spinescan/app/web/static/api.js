/** The server, as functions. Nothing here knows about the page but the token prompt and waiting. */

/**
 * @import { About, Bundle, Case, Edit, FollowUp, Job, Measured, ScanAnswer } from "./types.js"
 * @import { TimePoint, Told, TrailEntry } from "./types.js"
 */

const ROOT = "/api/v1";
const TOKEN = "spinescan-token";

/** What the server refused, in its own words. */
export class ApiError extends Error {
  /** @param {number} status @param {string} kind @param {string} message @param {number} wait_s */
  constructor(status, kind, message, wait_s = 0) {
    super(message);
    this.status = status;
    this.kind = kind;
    this.wait_s = wait_s;
  }
}

/** @type {(wrong: boolean) => Promise<string | null>} */
let askToken = async () => null;
/** @type {Promise<string | null> | null} */
let asking = null;

/** @param {(wrong: boolean) => Promise<string | null>} ask */
export function setTokenPrompt(ask) {
  askToken = ask;
}

/** @returns {Record<string, string>} */
function authorization() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Asks for the token once, however many calls are refused. @returns {Promise<boolean>} */
async function newToken() {
  asking ??= askToken(sessionStorage.getItem(TOKEN) !== null).finally(() => (asking = null));
  const token = await asking;
  if (token) sessionStorage.setItem(TOKEN, token);
  return Boolean(token);
}

/** Prompts before the first call where a token is needed. @param {About} about */
export async function prepareToken(about) {
  if (about.token_required && !sessionStorage.getItem(TOKEN)) await newToken();
}

/** @param {number} status @param {string} text @param {string | null} wait */
function refusal(status, text, wait) {
  let kind = "", message = "";
  try {
    const error = JSON.parse(text).error;
    kind = String(error.kind);
    message = String(error.message);
  } catch {
    message = status === 0 ? "The server cannot be reached." : `The server answered ${status}.`;
  }
  return new ApiError(status, kind, message, Math.min(Math.max(Number(wait) || 1, 1), 120));
}

/**
 * @param {string} path
 * @param {RequestInit & { json?: unknown }} [options]
 * @returns {Promise<Response>}
 */
async function call(path, options = {}) {
  for (;;) {
    const headers = { ...authorization() };
    const { json, ...rest } = options;
    if (json !== undefined) {
      headers["Content-Type"] = "application/json";
      rest.body = JSON.stringify(json);
    }
    let response;
    try {
      response = await fetch(ROOT + path, { ...rest, headers, cache: "no-store" });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw refusal(0, "", null);
    }
    if (response.ok) return response;
    if (response.status === 401 && (await newToken())) continue;
    throw refusal(response.status, await response.text(), response.headers.get("Retry-After"));
  }
}

/** @param {string} path @param {RequestInit & { json?: unknown }} [options] @returns {Promise<any>} */
async function answer(path, options) {
  return (await call(path, options)).json();
}

/** @returns {Promise<About>} */
export const about = () => answer("/about");
/** @returns {Promise<Bundle[]>} */
export const bundles = () => answer("/bundles");
/** @param {string} id @returns {Promise<ScanAnswer>} */
export const getScan = (id) => answer(`/scans/${encodeURIComponent(id)}`);

/** @param {Told} told @param {FormData} form */
function tellForm(told, form) {
  form.set("in_brace", String(told.in_brace));
  if (told.age) form.set("age", told.age);
  if (told.posture) form.set("posture", told.posture);
  return form;
}

/**
 * Sends films, telling how much of them has gone.
 * @param {"/scans" | "/jobs"} path
 * @param {File[]} files
 * @param {Told} told
 * @param {(share: number) => void} onSent
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function upload(path, files, told, onSent, signal) {
  for (;;) {
    const form = tellForm(told, new FormData());
    for (const file of files) form.append(path === "/scans" ? "film" : "films", file);
    const [status, text, wait] = await send(ROOT + path, form, onSent, signal);
    if (status >= 200 && status < 300) return JSON.parse(text);
    if (status === 401 && (await newToken())) continue;
    throw refusal(status, text, wait);
  }
}

/**
 * XMLHttpRequest, since fetch does not tell how much was sent.
 * @param {string} url
 * @param {FormData} form
 * @param {(share: number) => void} onSent
 * @param {AbortSignal} signal
 * @returns {Promise<[number, string, string | null]>}
 */
function send(url, form, onSent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(authorization())) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (e) => e.lengthComputable && onSent(e.loaded / e.total);
    request.upload.onload = () => onSent(1);
    request.onload = () =>
      resolve([request.status, request.responseText, request.getResponseHeader("Retry-After")]);
    request.onerror = () => resolve([0, "", null]);
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/** @param {string} url @param {Told} told @param {AbortSignal} signal @returns {Promise<ScanAnswer>} */
export const scanUrl = (url, told, signal) =>
  answer("/scans/url", { method: "POST", json: { url, told }, signal });

/**
 * The film's grey values, with square pixels; bright is dense.
 * @param {string} id
 * @returns {Promise<{ grey: Uint16Array, rows: number, columns: number }>}
 */
export async function getFilm(id) {
  const response = await call(`/scans/${encodeURIComponent(id)}/film.gray16`);
  const bytes = await response.arrayBuffer();
  const [rows, columns] = ["X-Rows", "X-Columns"].map((n) => Number(response.headers.get(n)));
  const grey = new Uint16Array(bytes); // little-endian, as every browser's machine is
  if (!rows || !columns || grey.length !== rows * columns) {
    throw new ApiError(0, "film", "The film came incomplete; open it again.");
  }
  return { grey, rows, columns };
}

/** @param {string} id @param {string} bundle @returns {Promise<ImageBitmap>} */
export async function getHeat(id, bundle) {
  const path = `/scans/${encodeURIComponent(id)}/heat/${encodeURIComponent(bundle)}.png`;
  return createImageBitmap(await (await call(path)).blob());
}

/**
 * @param {string} id
 * @param {Edit} edit
 * @returns {Promise<Measured>}
 */
export const measure = (id, edit) =>
  answer(`/scans/${encodeURIComponent(id)}/measure`, { method: "POST", json: edit });

/** Saves an answer as a file. @param {Response} response @param {string} name */
async function keep(response, name) {
  const given = /filename="?([^";]+)"?/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = given?.[1] ?? name;
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** @param {string} id @param {string} kind @param {Edit | null} edit */
export async function download(id, kind, edit) {
  const path = `/scans/${encodeURIComponent(id)}/render/${kind}`;
  await keep(await call(path, { method: "POST", json: { edit } }), kind);
}

/** @param {string} id @returns {Promise<Job>} */
export const getJob = (id) => answer(`/jobs/${encodeURIComponent(id)}`);
/** @param {string} id */
export const cancelJob = (id) => call(`/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });

/** @returns {Promise<Case[]>} */
export const getCases = () => answer("/cases");
/** @param {string} pseudonym @returns {Promise<Case>} */
export const newCase = (pseudonym) => answer("/cases", { method: "POST", json: { pseudonym } });
/** @param {string} id @returns {Promise<Case>} */
export const getCase = (id) => answer(`/cases/${encodeURIComponent(id)}`);
/** @param {string} id */
export const deleteCase = (id) => call(`/cases/${encodeURIComponent(id)}`, { method: "DELETE" });
/** @param {string} id @param {string} scan */
export const deleteCaseScan = (id, scan) =>
  call(`/cases/${encodeURIComponent(id)}/scans/${encodeURIComponent(scan)}`, { method: "DELETE" });
/**
 * @param {string} id @param {string} scan @param {string} taken_on @param {Edit | null} edit
 * @returns {Promise<ScanAnswer>}
 */
export const saveScan = (id, scan, taken_on, edit) =>
  answer(`/cases/${encodeURIComponent(id)}/scans`, {
    method: "POST", json: { scan, taken_on, edit },
  });
/** @param {string} id @param {Edit} edit @returns {Promise<ScanAnswer>} */
export const saveEdit = (id, edit) =>
  answer(`/scans/${encodeURIComponent(id)}/edit`, { method: "PUT", json: edit });
/** @param {string} id @returns {Promise<ScanAnswer>} */
export const dropEdit = (id) =>
  answer(`/scans/${encodeURIComponent(id)}/edit`, { method: "DELETE" });
/** @param {string} id @returns {Promise<TrailEntry[]>} */
export const getTrail = (id) => answer(`/cases/${encodeURIComponent(id)}/trail`);
/** @param {string} id @returns {Promise<TimePoint[]>} */
export const getTimeline = (id) => answer(`/cases/${encodeURIComponent(id)}/timeline`);
/** @param {string} id @param {string} first @param {string} second @returns {Promise<FollowUp>} */
export const getFollowUp = (id, first, second) =>
  answer(`/cases/${encodeURIComponent(id)}/follow-up?${new URLSearchParams({ first, second })}`);
/** @param {string} id */
export const exportCase = async (id) =>
  keep(await call(`/cases/${encodeURIComponent(id)}/export`), "case.zip");
export const exportManifest = async () => keep(await call("/export/manifest"), "manifest.zip");
