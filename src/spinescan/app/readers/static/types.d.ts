/** What the form is told and what it keeps; read by the type check only. */

type XY = [number, number];
type Line = [XY, XY];
interface Option { code: string; text: string }
interface Question {
  task: string;
  title: string;
  view: string;
  options: Option[];
  families: Record<string, string>;
}
interface Setup {
  format: string;
  set: string;
  reader: string;
  views: string[];
  questions: Question[];
  asks_curves: boolean;
  asks_sagittal: boolean;
  levels: string[];
  apexes: string[];
  most_curves: number;
  reasons: Record<string, string>;
  confidences: string[];
}
interface CurveAnswer {
  upper: string;
  apex: string;
  lower: string;
  convex_side: string;
  cobb_deg: number | null;
  lines_xy: Line[] | null;
}
interface Answer {
  film: number;
  view: string;
  readable: boolean | null;
  reason: string;
  labels: Record<string, string>;
  no_curve: boolean;
  curves: CurveAnswer[];
  tk_deg: number | null;
  tk_lines_xy: Line[] | null;
  ll_deg: number | null;
  ll_lines_xy: Line[] | null;
  confidence: string;
  remark: string;
}
/** What is measured: a curve by its place, or one of the sagittal angles. */
type Target = number | "tk" | "ll";
