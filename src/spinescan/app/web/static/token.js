/** Asking for the token that the server wants. */

import { h } from "./dom.js";
import { dialog, field } from "./widgets.js";

/** @param {boolean} wrong whether the last one was refused @returns {Promise<string | null>} */
export async function askToken(wrong) {
  const form = await dialog("Token", [
    h("p", {}, wrong ? "The server does not take this token." : "This server asks for a token."),
    field("Token", h("input", {
      name: "token", type: "password", required: true, autocomplete: "off", autofocus: true,
    }), "Kept in this window until it is closed."),
  ], "Go on");
  return String(form?.get("token") ?? "").trim() || null;
}
