/** The parts that the form is made of, each with its label. */

/**
 * A closed question: one of some answers. An answer can be taken back: "".
 * @param {string} name @param {string} title @param {Option[]} options @param {string} chosen
 * @param {(code: string) => void} onChoice
 */
function choice(name, title, options, chosen, onChoice) {
  const radios = options.map(({ code }) => h("input", {
    type: "radio", name, value: code, checked: code === chosen, on: { change: () => onChoice(code) },
  }));
  const clear = () => {
    radios.forEach((one) => { one.checked = false; });
    radios[0].focus(); // the button goes
    onChoice("");
  };
  const back = { type: "button", class: "clear", "aria-label": `Take back: ${title}`, on: { click: clear } };
  // Named by the title alone: a legend would bring the button's words along.
  return h("fieldset", { class: "choice", "aria-label": title },
    h("legend", {}, title, h("button", back, "Take back")),
    options.map(({ text }, place) => h("label", {}, radios[place], h("span", {}, text))));
}

/**
 * @param {string} title @param {Option[]} options @param {string} chosen
 * @param {(code: string) => void} onChoice
 */
function pick(title, options, chosen, onChoice) {
  return h("label", { class: "field" }, h("span", {}, title),
    h("select", { on: { change: (/** @type {any} */ event) => onChoice(event.target.value) } },
      h("option", { value: "" }, "-"),
      options.map(({ code, text }) => h("option", { value: code, selected: code === chosen }, text))));
}

/**
 * An angle: typed in, or measured on the film.
 * @param {string} title @param {string} id @param {number | null} value @param {number} least
 * @param {(value: number | null) => void} onValue @param {() => void} onMeasure
 */
function angleField(title, id, value, least, onValue, onMeasure) {
  const input = h("input", {
    id, type: "number", min: least, max: 180, step: 0.1, inputmode: "decimal", value: value ?? "",
    on: {
      change: () => {
        const given = input.value === "" ? null : Number(input.value);
        const possible = given === null || (given >= least && given <= 180);
        input.setAttribute("aria-invalid", String(!possible));
        tell(possible ? "" : `${title}: from ${least} to 180 degrees.`);
        if (possible) onValue(given);
      },
    },
  });
  return h("div", { class: "angle" },
    h("label", { class: "field", for: id }, h("span", {}, title), input),
    h("button", { type: "button", class: "measure", "aria-label": `Measure: ${title}`, on: { click: onMeasure } },
      "Measure"));
}

/** @param {string[]} codes @returns {Option[]} */
function plain(codes) {
  return codes.map((code) => ({ code, text: code }));
}
