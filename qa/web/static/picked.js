// The articles that are chosen, on whatever page of the listing, and their removal.

import { get, post, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { changed } from "./holdings.js";
import { note, offer } from "./notice.js";
import { many, number, t } from "./texts.js";

const MOST = 10_000; // articles of one order
const SURE = 50; // more than a page shows are not removed without asking

const chosen = new Set(); // ids
let listed = { total: 0, wanted: {} };

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
  draw();
}

/**
 * All that can be chosen at once.
 * @param {number} total articles of all pages of the listing that is shown
 * @param {object} wanted what it was asked for
 */
export function among(total, wanted) {
  listed = { total, wanted };
  draw();
}

function draw() {
  const all = Math.min(listed.total, MOST);
  const label = listed.total > MOST ? "library.all.first" : "library.all.found";
  element.hidden = !chosen.size;
  put(
    element,
    h("span", {}, many("library.picked", chosen.size)),
    button(t("library.remove"), chosen.size > SURE ? makeSure : remove),
    chosen.size < all && button(t(label, { count: number(all) }), chooseAll, { class: "link" }),
    button(t("library.unpick"), unpick, { class: "link" }),
  );
}

async function chooseAll() {
  try {
    const { ids } = await get("api/ids", listed.wanted);
    chosen.clear();
    ids.forEach((id) => chosen.add(id));
    tick(true);
  } catch (error) {
    note(wordsOf(error));
  }
}

function unpick() {
  chosen.clear();
  tick(false);
}

/** All boxes of the listing, as all of its articles are chosen, or none. */
function tick(is) {
  draw();
  document.querySelectorAll(".articles input").forEach((box) => (box.checked = is));
}

function makeSure() {
  const act = () => {
    dialog.close();
    remove();
  };
  const dialog = h(
    "dialog",
    { class: "form", "aria-labelledby": "sure", onclose: () => dialog.remove() },
    h("h2", { id: "sure" }, t("library.remove.sure", { count: number(chosen.size) })),
    h(
      "p",
      { class: "row" },
      button(t("library.remove"), act, { class: "primary" }),
      button(t("library.remove.keep"), () => dialog.close()),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

async function remove() {
  try {
    const { removed, undo, seconds } = await post("api/remove", { ids: [...chosen] });
    chosen.clear();
    draw();
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
