// The questions asked on this device; they stay on it.

import { button, h, put } from "./dom.js";
import { link } from "./link.js";
import { read } from "./state.js";
import { moment, t } from "./texts.js";

const KEY = "questions";
const MOST = 50;
const SHOWN = 8;

/**
 * Remember a question.
 * @param {import("./state.js").Place} place
 */
export function remember(place) {
  const own = { q: place.q, search: location.search, when: Date.now() };
  const others = kept().filter((entry) => entry.q !== place.q);
  keep([own, ...others].slice(0, MOST));
}

/**
 * The list of questions, for the page's beginning; empty where none was asked.
 * @returns {HTMLElement}
 */
export function list() {
  const box = h("section", { class: "history", "aria-labelledby": "history-title" });
  draw(box, SHOWN);
  return box;
}

function draw(box, most) {
  const entries = kept();
  box.hidden = !entries.length;
  if (!entries.length) return put(box);
  const more =
    entries.length > most && button(t("history.more"), () => draw(box, MOST), { class: "link" });
  const forget = () => {
    keep([]);
    draw(box, SHOWN);
  };
  return put(
    box,
    h("h2", { id: "history-title" }, t("history.title")),
    h("ul", { class: "plain" }, entries.slice(0, most).map(entryOf)),
    h("p", { class: "row" }, more, button(t("history.clear"), forget, { class: "link" })),
  );
}

function entryOf(entry) {
  const place = { ...read(entry.search), article: "", at: null, view: "" };
  const when = h("span", { class: "quiet" }, moment(entry.when));
  return h("li", {}, link(place, {}, entry.q), " ", when);
}

function kept() {
  try {
    const entries = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return entries.filter(({ q, search }) => typeof q === "string" && typeof search === "string");
  } catch {
    return []; // switched off, or written by something else
  }
}

function keep(entries) {
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // Switched off or full: then nothing is remembered.
  }
}
