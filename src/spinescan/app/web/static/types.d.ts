/** What the server sends and what the page keeps; read by the type check only. */

export type XY = [number, number];
export type View = "frontal" | "lateral";
export type Origin = "machine" | "edited" | "derived";
export interface Told {
  in_brace: boolean;
  age: "child" | "adolescent" | "adult" | null;
  posture: "standing" | "supine" | null;
}
export interface Ends { upper: string; lower: string }
export interface Landmarks {
  names: string[];
  points_xy: XY[];
  score: number[];
  spread_px: (number | null)[];
  origin: Origin[];
  levels_certain: boolean;
}
export interface Curve {
  region: string;
  convex_side: "left" | "right";
  upper: string;
  apex: string;
  lower: string;
  cobb_deg: number;
  interval_deg: XY | null;
  patient_side: "left" | "right" | null;
  side_source: string | null;
  ends_by: "machine" | "reader";
}
export interface Fact {
  code: string;
  value: number | string | null;
  unit: string;
  threshold: number | null;
  text: string;
}
export interface Als {
  type: string | null;
  family: string | null;
  alternatives: string[];
  facts: Fact[];
  decision: string;
  reasons: string[];
}
export interface Axis {
  name: string;
  position: string | null;
  alternatives: string[];
  reasons: string[];
  measurement: string | null;
  value: number | null;
  interval: XY | null;
  norm: string | null;
  borders: XY | null;
}
export interface Slip {
  upper: string;
  lower: string;
  percent: number;
  interval: XY | null;
  direction: "forward" | "backward";
  grade: string | null;
  alternatives: string[];
}
export interface Sagittal {
  label: string | null;
  alternatives: string[];
  axes: Axis[];
  slips: Slip[];
  facts: Fact[];
  decision: string;
  reasons: string[];
}
export interface Measurement {
  name: string;
  value: number;
  unit: string;
  method: string;
  levels: string[];
  interval: XY | null;
}
export interface Prediction {
  task: string;
  label: string | null;
  scores: Record<string, number>;
  prediction_set: string[];
  decision: string;
  reasons: string[];
  bundle: string;
}
export interface Report {
  schema_version: string;
  size: XY;
  pixel_aspect: number;
  spacing_mm: XY | null;
  spacing_origin: string;
  bundles: { name: string; version: string }[];
  warnings: { code: string; text: string }[];
  view: View | "other";
  decision: "accepted" | "abstained";
  reasons: string[];
  landmarks: Landmarks | null;
  curves: Curve[];
  als: Als | null;
  sagittal: Sagittal | null;
  measurements: Measurement[];
  predictions: Prediction[];
  edited?: boolean;
}
export interface Marks {
  csl: { x: number; approximate: boolean } | null;
  transitional_point_xy: XY | null;
}
export interface Measured { report: Report; marks: Marks }
export interface Edit {
  view: View;
  names: string[];
  points_xy: XY[];
  origin: Origin[];
  levels_certain: boolean;
  ends: Ends[] | null;
  told: Told | null;
}
export interface ScanAnswer {
  id: string;
  expires_at: string | null;
  told: Told;
  report: Report;
  marks: Marks;
  edit: Edit | null;
  edited_report: Report | null;
  edited_marks: Marks | null;
  case_id: string | null;
  taken_on: string | null;
  dicom_results: boolean;
}
export interface About {
  product: string;
  version: string;
  research_use: string;
  token_required: boolean;
  urls_allowed: boolean;
  cases: boolean;
  keep_minutes: number;
  max_bytes: number;
  words: Record<string, Record<string, string>>;
}
export interface Bundle { name: string; version: string; task: string; card: string }
export interface Job {
  id: string;
  state: "waiting" | "running" | "done" | "cancelled";
  total: number;
  done: number;
  results: {
    number: number;
    scan: string | null;
    error: { kind: string; message: string } | null;
  }[];
}
export interface CaseScan {
  id: string;
  taken_on: string;
  view: string;
  edited: boolean;
  saved_at: string;
}
export interface Case { id: string; pseudonym: string; created_at: string; scans: CaseScan[] }
export interface TrailEntry { at: string; by: string | null; what: string; scan: string | null }
export interface Difference {
  first_deg: number;
  first_interval_deg: XY | null;
  second_deg: number | null;
  second_interval_deg: XY | null;
  change_deg: number | null;
  change_interval_deg: XY | null;
  exceeds_5_deg: string;
  text: string;
}
export interface Change extends Difference {
  region: string;
  convex_side: "left" | "right";
  upper: string;
  lower: string;
}
export interface Followed { scan: string; taken_on: string; edited: boolean }
export interface FollowUp {
  first: Followed;
  second: Followed;
  comparable: boolean;
  reasons: string[];
  curves: Change[];
  measurements: (Difference & { name: string; levels: string[] })[];
}
/** Negative angles: bent the other way than on the first film. */
export interface TimePoint extends Followed {
  in_brace: boolean;
  curves: {
    upper: string; lower: string; region: string; cobb_deg: number | null; interval_deg: XY | null;
  }[];
}

/** The points of a film as the reader has them now. Never changed: each edit makes a new one. */
export interface Points {
  readonly view: View;
  readonly places: ReadonlyMap<string, XY>;
  /** Names of points that were computed from their neighbours and not placed by anybody yet. */
  readonly derived: ReadonlySet<string>;
  readonly certain: boolean;
  readonly ends: readonly Ends[] | null;
  readonly told: Told | null;
}
/** A rectangle on the screen, in CSS pixels. */
export interface Box { left: number; top: number; right: number; bottom: number }
