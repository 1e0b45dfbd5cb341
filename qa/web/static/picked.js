// The articles that are chosen, on whatever page of the listing, and their removal.

import { post, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { changed } from "./holdings.js";
import { note, offer } from "./notice.js";
import { many, t } from "./texts.js";

const chosen = new Set(); // ids

/** What can be done with them. @type {HTMLElement} */
export const element = h("div", { class: "row picked", hidden: true });

/** @param {string} id @returns {boolean} whether an article is chosen */
export function isChosen(id) {
  return chosen.has(id);
}

/**
 * Choose an article, or not.
 * @param {string} id
 * @param {boolean} is
 */
export function choose(id, is) {
  if (is) chosen.add(id);
  else chosen.delete(id);
  element.hidden = !chosen.size;
  put(
    element,
    h("span", {}, many("library.picked", chosen.size)),
    button(t("library.remove"), remove),
    button(t("library.unpick"), unpick, { class: "link" }),
  );
}

function unpick() {
  [...chosen].forEach((id) => choose(id, false));
  document.querySelectorAll(".articles input").forEach((box) => (box.checked = false));
}

async function remove() {
  try {
    const { removed, undo, seconds } = await post("api/remove", { ids: [...chosen] });
    [...chosen].forEach((id) => choose(id, false));
    changed();
    const told = many("library.removed", removed);
    if (undo) offer(told, t("library.undo"), () => restore(undo), seconds);
    else note(told);
  } catch (error) {
    note(wordsOf(error));
  }
}

async function restore(undo) {
  try {
    const { restored } = await post("api/restore", { undo });
    changed();
    note(many("library.restored", restored));
  } catch (error) {
    note(wordsOf(error));
  }
}
