// What is told in passing: to a screen reader, and in a bar at the foot of the window.

import { button, h, put } from "./dom.js";
import { t } from "./texts.js";

const SHOWN_MS = 6_000;

const spoken = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
const bar = h("aside", { class: "notices", hidden: true, "aria-label": t("notices") });
let timer = 0;

/** The elements that stand in the document from the beginning. @type {HTMLElement[]} */
export const elements = [spoken, bar];

/** Say something to a screen reader, once. @param {string} text */
export function announce(text) {
  // A text equal to the one before would not be heard.
  put(spoken, spoken.textContent === text ? `${text}\u00a0` : text);
}

/** Show a short note that goes by itself. @param {string} text */
export function note(text) {
  show(text, null, SHOWN_MS);
}

/**
 * Show a note with something that can be done for a while.
 * @param {string} text
 * @param {string} label
 * @param {() => unknown} action
 * @param {number} seconds
 */
export function offer(text, label, action, seconds) {
  const act = () => {
    clear();
    action();
  };
  const offered = button(label, act, { class: "link" });
  show(text, offered, 1_000 * seconds);
  offered.focus(); // what was pressed is gone
}

function show(text, extra, milliseconds) {
  clearTimeout(timer);
  const close = button("×", clear, { class: "close", "aria-label": t("close") });
  put(bar, h("div", { class: "notice" }, h("p", {}, text), extra, close));
  bar.hidden = false;
  announce(text);
  timer = setTimeout(clear, milliseconds);
}

function clear() {
  clearTimeout(timer);
  if (bar.contains(document.activeElement)) document.getElementById("main").focus();
  bar.hidden = true;
  put(bar);
}
