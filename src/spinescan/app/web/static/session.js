/** One film while it is open: the machine's answer, the reader's edits, and what they measure. */

/** @import { Measured, Points, Report, Marks, ScanAnswer, View, XY } from "./types.js" */

import * as api from "./api.js";
import { History } from "./history.js";
import { Live } from "./live.js";
import { editOf, isEdited, moved, pointsOf, pointsOfEdit } from "./points.js";

/** @param {Report} report @returns {View} */
function viewOf(report) {
  const names = report.landmarks?.names ?? [];
  if (report.view !== "other") return report.view;
  return names.some((name) => name.endsWith("anterior")) ? "lateral" : "frontal";
}

export class Session {
  /** @param {ScanAnswer} answer */
  constructor(answer) {
    this.answer = answer;
    this.machine = pointsOf(viewOf(answer.report), answer.report.landmarks);
    this.history = new History(answer.edit ? pointsOfEdit(answer.edit) : this.machine);
    /** @type {Points | null} a move that is not done yet */
    this.preview = null;
    /** @type {Measured | null} of the newest edit that was measured */
    this.measured = answer.edited_report
      ? { report: answer.edited_report, marks: answer.edited_marks ?? answer.marks }
      : null;
    this.savedKey = this.key();
    /** Why the newest edit could not be measured. */
    this.trouble = "";
    this.waiting = false;
    /** Called when the answer, or only the points, changed. @type {(measured: boolean) => void} */
    this.onChange = () => {};
    this.live = new Live(
      (edit) => api.measure(this.answer.id, edit),
      (measured) => this.arrived(measured),
      (error) => this.failed(error),
    );
  }

  /** @returns {Points} */
  get points() {
    return this.preview ?? this.history.points;
  }

  get edited() {
    return isEdited(this.points, this.machine);
  }

  /** @returns {Report} */
  get report() {
    return this.edited && this.measured ? this.measured.report : this.answer.report;
  }

  /** @returns {Marks} */
  get marks() {
    return this.edited && this.measured ? this.measured.marks : this.answer.marks;
  }

  /** The edit as the server takes it; null where nothing was changed. */
  get edit() {
    return this.edited ? editOf(this.points, this.machine) : null;
  }

  /** What is on the screen, as an edit: the machine's points too where another edit is saved. */
  get shown() {
    return this.edit ?? (this.answer.edit ? editOf(this.machine, this.machine) : null);
  }

  key() {
    return JSON.stringify(this.edit);
  }

  /** Whether there are edits that no case holds. */
  get unsaved() {
    return this.key() !== this.savedKey;
  }

  /** @param {Points} points @param {string} what in words, for undo */
  apply(points, what) {
    this.preview = null;
    this.history.push(points, what);
    this.changed();
  }

  /** A point on its way. @param {string} name @param {XY} xy @param {number} since */
  drag(name, xy, since) {
    this.preview = moved(this.points, name, xy);
    this.changed(since);
  }

  /** The move is done. @param {string} what */
  drop(what) {
    if (!this.preview) return;
    this.history.push(this.preview, what);
    this.preview = null;
    this.onChange(!this.waiting);
  }

  cancel() {
    if (!this.preview) return;
    this.preview = null;
    this.changed();
  }

  undo() {
    this.cancel();
    const what = this.history.undo();
    if (what) this.changed();
    return what;
  }

  redo() {
    this.cancel();
    const what = this.history.redo();
    if (what) this.changed();
    return what;
  }

  /** Back to the machine's answer; undo brings the edits back. */
  reset() {
    this.apply(this.machine, "back to the machine's answer");
  }

  /** @param {number} [since] */
  changed(since) {
    const { edit } = this;
    this.trouble = "";
    if (edit) {
      this.waiting = true;
      this.live.ask(edit, since);
    } else {
      this.live.drop();
      this.waiting = false;
    }
    this.onChange(!edit);
  }

  /** @param {Measured} measured */
  arrived(measured) {
    this.measured = measured;
    this.waiting = this.live.next !== null;
    this.trouble = "";
    this.onChange(true);
  }

  /** @param {unknown} error */
  failed(error) {
    this.waiting = this.live.next !== null;
    this.trouble = error instanceof Error ? error.message : String(error);
    this.onChange(true);
  }

  /** A newer answer of the server, after saving. @param {ScanAnswer} answer */
  renew(answer) {
    this.answer = { ...answer, report: this.answer.report };
    this.savedKey = this.key();
    this.onChange(true);
  }
}

/** @type {Map<string, Session>} */
const open = new Map();

/** The film's session, kept while the page is open so that no edit is lost on the way.
 * @param {string} id @returns {Promise<Session>} */
export async function openSession(id) {
  const known = open.get(id);
  if (known?.unsaved) return known;
  return keepSession(await api.getScan(id));
}

/** @param {ScanAnswer} answer */
export function keepSession(answer) {
  const session = new Session(answer);
  open.set(answer.id, session);
  return session;
}

/** @param {string} id */
export const forgetSession = (id) => open.delete(id);
export const anyUnsaved = () => [...open.values()].some((session) => session.unsaved);
