/** Curves of a frontal film, and the angles of a lateral one. */

const FRESH_CURVE = { upper: "", apex: "", lower: "", convex_side: "", cobb_deg: null, lines_xy: null };
const SIDES_TOLD = [{ code: "left", text: "left of the picture" }, { code: "right", text: "right of the picture" }];

/** @param {Answer} answer @param {(again: boolean) => void} onChange */
function curvesPart(answer, onChange) {
  const none = h("label", { class: "tick" },
    h("input", {
      type: "checkbox", id: "no-curve", checked: answer.no_curve, disabled: answer.curves.length > 0,
      on: { change: (/** @type {any} */ event) => { answer.no_curve = event.target.checked; onChange(true); } },
    }), h("span", {}, "No curve of 10 degrees or more"));
  const more = h("button", {
    type: "button", id: "add-curve", disabled: answer.no_curve || answer.curves.length >= setup.most_curves,
    on: { click: () => { answer.curves.push({ ...FRESH_CURVE }); onChange(true); } },
  }, "Add a curve");
  return h("fieldset", { class: "curves" }, h("legend", {}, "Curves"), none,
    answer.curves.map((_, place) => curveCard(answer, place, onChange)), more);
}

/** @param {Answer} answer @param {number} place @param {(again: boolean) => void} onChange */
function curveCard(answer, place, onChange) {
  const curve = answer.curves[place];
  const title = `Curve ${place + 1}`;
  /** @param {"upper" | "apex" | "lower" | "convex_side"} name */
  const put = (name) => (/** @type {string} */ code) => {
    curve[name] = code;
    const upside = curve.upper && curve.lower
      && setup.levels.indexOf(curve.upper) >= setup.levels.indexOf(curve.lower);
    tell(upside ? `${title}: the upper end must be above the lower end.` : "");
    onChange(false);
  };
  return h("fieldset", { class: `curve curve-${place}` }, h("legend", {}, title),
    h("div", { class: "levels" },
      pick("Upper end", plain(setup.levels), curve.upper, put("upper")),
      pick("Apex", plain(setup.apexes), curve.apex, put("apex")),
      pick("Lower end", plain(setup.levels), curve.lower, put("lower"))),
    pick("Convex to the", SIDES_TOLD, curve.convex_side, put("convex_side")),
    angleField("Cobb angle (degrees)", `cobb-${place}`, curve.cobb_deg, 0, (value) => {
      Object.assign(curve, { cobb_deg: value, lines_xy: null });
      onChange(false);
    }, () => measure(place)),
    h("button", {
      type: "button", class: "quiet remove", "aria-label": `Remove curve ${place + 1}`,
      on: { click: () => { answer.curves.splice(place, 1); onChange(true); } },
    }, "Remove"));
}

/** @param {Answer} answer @param {(again: boolean) => void} onChange */
function sagittalPart(answer, onChange) {
  return h("fieldset", { class: "curves" }, h("legend", {}, "Kyphosis and lordosis"),
    angleField("Thoracic kyphosis, T4 to T12 (degrees)", "tk", answer.tk_deg, -180, (value) => {
      Object.assign(answer, { tk_deg: value, tk_lines_xy: null });
      onChange(false);
    }, () => measure("tk")),
    angleField("Lumbar lordosis, L1 to S1 (degrees)", "ll", answer.ll_deg, -180, (value) => {
      Object.assign(answer, { ll_deg: value, ll_lines_xy: null });
      onChange(false);
    }, () => measure("ll")));
}

/** @param {Answer} answer @returns {[Target, Line[]][]} */
function linesIn(answer) {
  /** @type {[Target, Line[] | null][]} */
  const all = [
    ...answer.curves.map((curve, place) => /** @type {[Target, Line[] | null]} */ ([place, curve.lines_xy])),
    ["tk", answer.tk_lines_xy], ["ll", answer.ll_lines_xy],
  ];
  return all.flatMap(([target, lines]) => (lines ? [/** @type {[Target, Line[]]} */ ([target, lines])] : []));
}

/** @param {Answer} answer @param {Target} target @param {Line[]} lines */
function putLines(answer, target, lines) {
  const measured = angleOf(lines);
  const degrees = measured === null ? null : Math.round(measured * 10) / 10;
  if (target === "tk") Object.assign(answer, { tk_deg: degrees, tk_lines_xy: lines });
  else if (target === "ll") Object.assign(answer, { ll_deg: degrees, ll_lines_xy: lines });
  else Object.assign(answer.curves[target], { cobb_deg: degrees, lines_xy: lines });
}
