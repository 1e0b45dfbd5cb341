// The article beside the answer; on a narrow window a sheet above it. Each sentence that the answer
// cites from it is marked, the chosen one stands in view.

import { get, wordsOf } from "./api.js";
import { body, selectWithKeys } from "./article.js";
import { alsoIn } from "./answer.js";
import { button, h, put } from "./dom.js";
import { elements as notices } from "./notice.js";
import { selectionBar } from "./selection.js";
import { citationsOf, passageOf } from "./sources.js";
import { amend, closeArticle, read } from "./state.js";
import { figure, languageName, langOf, many, number, t } from "./texts.js";

const wide = matchMedia("(min-width: 60rem)");
const KEPT = 30;

const articles = new Map();
let shown = ""; // the article, and the answer whose sentences are marked in it
let present = null; // what is shown: article, answer, marks
let opener = null; // what had the focus before

const content = h("div", { class: "sheet" });
const dialog = h("dialog", {
  class: "reader",
  "aria-labelledby": "reader-title",
  oncancel: (event) => {
    event.preventDefault();
    closeArticle();
  },
  onkeydown: (event) => {
    if (event.key === "Escape" && !wide.matches) return; // "cancel" comes then
    if (event.key === "Escape") closeArticle();
  },
  // A click beside the sheet.
  onclick: (event) => event.target === dialog && !wide.matches && closeArticle(),
});
dialog.append(content);
wide.addEventListener("change", () => {
  if (!dialog.open) return;
  dialog.close();
  open();
  find(read().at);
});
document.addEventListener("selectionchange", () => present?.choose());

/** The reader's element. @type {HTMLElement} */
export const element = dialog;

/**
 * Show the article of a place, or none.
 * @param {import("./state.js").Place} place
 * @param {any} data the answer that stands beside it, if one does
 */
export async function show(place, data) {
  if (!place.article) return close();
  if (!dialog.contains(document.activeElement)) opener = document.activeElement;
  const key = `${place.article} ${data?.answer_id ?? ""}`;
  if (!dialog.open) {
    put(content, header(t("reader.loading")));
    open();
  }
  if (key === shown) return find(place.at);
  shown = key;
  try {
    const article = await fetched(place.article);
    if (key === shown) draw(place, article, data);
  } catch (error) {
    if (key !== shown) return;
    shown = "";
    put(
      content,
      header(t("reader.missing")),
      h("p", { class: "problem", role: "alert" }, wordsOf(error)),
    );
  }
}

/** Articles may have changed: they are asked for anew. */
export function forget() {
  articles.clear();
  shown = "";
}

function open() {
  if (wide.matches) dialog.show();
  else dialog.showModal();
  // Beside a sheet the document is inert: notes are told within it.
  (wide.matches ? document.body : dialog).append(...notices);
  document.documentElement.classList.toggle("covered", !wide.matches);
}

function close() {
  if (!dialog.open) return;
  dialog.close();
  document.body.append(...notices);
  document.documentElement.classList.remove("covered");
  shown = "";
  present = null;
  if (opener?.isConnected && opener !== document.body) opener.focus();
  else document.getElementById("main").focus({ preventScroll: true });
}

function fetched(id) {
  if (!articles.has(id)) {
    const asked = get(`api/articles/${encodeURIComponent(id)}`);
    asked.catch(() => articles.delete(id));
    articles.set(id, asked);
    if (articles.size > KEPT) articles.delete(articles.keys().next().value);
  }
  return articles.get(id);
}

function draw(place, article, data) {
  const marks = marksIn(article, data, place.at);
  const lang = langOf(article.language);
  const text = h("article", {
    class: "text",
    lang,
    tabindex: "0",
    "aria-label": t("reader.text"),
    onkeydown: selectWithKeys,
  });
  text.append(...body(article, marks));
  const steps = stepper(marks);
  const why = h("div");
  const picked = selectionBar(article, data, text);
  put(
    content,
    header(article.headline, lang),
    facts(place, article),
    steps.element,
    h("div", { class: "scroll" }, why, text),
    picked.element,
  );
  present = { article, data, text, marks, steps, why, choose: picked.choose };
  find(place.at);
}

function header(title, lang = null) {
  return h(
    "header",
    { class: "readerhead" },
    h("h2", { id: "reader-title", lang, tabindex: "-1" }, title),
    button("×", closeArticle, { class: "close", "aria-label": t("reader.close") }),
  );
}

function facts(place, article) {
  const told = [
    article.publisher,
    article.published_words,
    article.authors.join(", "),
    languageName(article.language),
  ];
  const outside = { target: "_blank", rel: "noopener noreferrer" };
  const at = place.at === null ? "" : `?von=${place.at}&bis=${place.at + 1}#stelle`;
  return h(
    "div",
    { class: "facts" },
    h("p", {}, told.filter(Boolean).join(" · ")),
    h(
      "p",
      { class: "row" },
      article.link
        ? h("a", { href: article.link, ...outside }, t("reader.original", { name: article.name }))
        : h("span", { class: "quiet" }, article.name),
      h(
        "a",
        { href: `artikel/${encodeURIComponent(article.article_id)}${at}`, ...outside },
        t("reader.alone"),
      ),
    ),
    alsoIn(place, article),
  );
}

/** What is to be marked: the citations of the answer; else the passage that was chosen. */
function marksIn(article, data, at) {
  if (!data) return [];
  const marks = citationsOf(data)
    .filter((one) => one.article_id === article.article_id)
    .map(({ n, start, end }) => ({ n, start, end }))
    .sort((a, b) => a.start - b.start);
  const hit = data.answer.passages.find(
    (one) => one.article_id === article.article_id && one.start === at,
  );
  const isCited = marks.some((mark) => mark.start === at);
  return hit && !isCited ? [{ n: null, start: hit.start, end: hit.end }, ...marks] : marks;
}

/** From one marked sentence to the next. */
function stepper(marks) {
  const cited = marks.filter((mark) => mark.n !== null);
  const told = h("span", { "aria-live": "off" });
  let current = -1;
  const step = (by) => {
    const next = current < 0 ? (by > 0 ? 0 : cited.length - 1) : current + by;
    amend({ ...read(), at: cited[(next + cited.length) % cited.length].start });
  };
  const element = h(
    "div",
    { class: "row stepper", hidden: cited.length === 0 },
    told,
    cited.length > 1 && [
      button(t("reader.previous"), () => step(-1)),
      button(t("reader.next"), () => step(1)),
    ],
  );
  const at = (start) => {
    current = cited.findIndex((mark) => mark.start === start);
    const values = { place: current + 1, count: cited.length, n: cited[current]?.n };
    put(told, current < 0 ? many("reader.cited", cited.length) : t("reader.place", values));
  };
  return { element, at };
}

/** Bring the chosen place into view, and what is told of it. */
function find(at) {
  if (!present) return;
  const { article, data, text, marks, steps, why } = present;
  if (at !== null && data && !marks.some((mark) => mark.start === at)) {
    const added = marksIn(article, data, at);
    if (added.some((mark) => mark.start === at)) return draw(read(), article, data);
  }
  const parts = [...text.querySelectorAll("mark")];
  const own = parts.filter((part) => part.dataset.marks.split(" ").includes(String(at)));
  parts.forEach((part) => part.classList.toggle("current", own.includes(part)));
  steps.at(at);
  const mark = marks.find((one) => one.start === at);
  put(why, mark && data && reasons(data, article.article_id, mark));
  if (!own.length) return document.getElementById("reader-title").focus({ preventScroll: true });
  own[0].tabIndex = -1;
  own[0].focus({ preventScroll: true });
  bringIntoView(own[0]);
  // From here a selection can be made with the keys.
  getSelection().collapse(own[0].firstChild, 0);
}

/** In the middle of the article, without moving the page where the article scrolls by itself. */
function bringIntoView(part) {
  const box = content.querySelector(".scroll");
  if (box.scrollHeight <= box.clientHeight) return part.scrollIntoView({ block: "center" });
  const [own, around] = [part.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollTop += own.top - around.top - Math.max(0, (around.height - own.height) / 2);
}

/** Why the search has found a passage: how its two ways of searching placed it. */
function reasons(data, id, mark) {
  const hit = passageOf(data.answer, id, mark.start, mark.end);
  if (!hit) return null;
  const ways = [
    [t("why.all"), { rank: hit.rank, score: hit.score }],
    [t("why.dense"), hit.dense],
    [t("why.lexical"), hit.lexical],
  ];
  if (hit.reranker) ways.push([t("why.reranker"), hit.reranker]);
  const row = ([name, leg]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", {}, leg ? number(leg.rank) : t("why.absent")),
      h("td", {}, leg ? figure(leg.score) : ""),
    );
  const head = ["why.way", "why.rank", "why.score"].map((key) => h("th", { scope: "col" }, t(key)));
  return h(
    "details",
    { class: "fold why" },
    h("summary", {}, t("why.title")),
    h("p", { class: "quiet" }, t("why.about")),
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, ways.map(row))),
  );
}
