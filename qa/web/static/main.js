// The page: its frame, and which view stands in it.

import * as ask from "./ask.js";
import { button, h, put } from "./dom.js";
import { onChange } from "./holdings.js";
import { link } from "./link.js";
import { elements as notices } from "./notice.js";
import { address, amend, asked, go, nowhere, onPlace, read, tell } from "./state.js";
import { language, languages, t } from "./texts.js";

const VIEWS = ["", "articles", "insight"];
const TITLES = { "": "nav.ask", articles: "library.title", insight: "insight.title" };
const YEAR = 31_536_000;

const dark = matchMedia("(prefers-color-scheme: dark)");
const last = Object.fromEntries(VIEWS.map((view) => [view, { ...nowhere(), view }]));
const tabs = VIEWS.map((view) => link(() => last[view], {}, t(`nav.${view || "ask"}`)));
const progress = link({ view: "articles" }, { class: "running", hidden: true });
const spoken = languages.filter((code) => code !== language).map(languageLink);
const theme = button("", turnTheme, { class: "link" });
const slot = h("div", { class: "slot" });
const stage = h("div", { class: "stage" }, slot);
const main = h("main", { id: "main", tabindex: "-1" }, stage);

let reader = null;
let before = null;
let isBack = false;

function start() {
  if (new URLSearchParams(location.search).has("lang")) {
    document.cookie = `lang=${language}; path=/; max-age=${YEAR}; SameSite=Lax`;
    amend(read()); // others who get the address have a language of their own
  }
  document.querySelector("noscript")?.remove();
  document.body.prepend(
    h("a", { class: "skip", href: "#main", onclick: skip }, t("nav.skip")),
    h(
      "header",
      { class: "masthead" },
      link({}, { class: "brand" }, "Fund", h("span", {}, "stelle")),
      h("nav", { "aria-label": t("nav.title") }, tabs),
      h("div", { class: "tools" }, progress, spoken, theme),
    ),
    main,
  );
  document.body.append(...notices);
  nameTheme();
  dark.addEventListener("change", nameTheme);
  onPlace(show);
  onChange(() => reader?.then((module) => module.forget()));
  ask.onAnswer(() => showArticle(read()));
  addEventListener("popstate", () => {
    isBack = true;
    tell();
    isBack = false;
  });
  listenForFiles();
  tell();
  if (!read().q && !read().view && matchMedia("(hover: hover)").matches) ask.focus();
}

function show(place) {
  const isFirst = !before;
  const isNew = isFirst || before.view !== place.view || asked(before) !== asked(place);
  const isOther = !isFirst && before.view !== place.view;
  before = place;
  last[place.view] = place;
  tabs.forEach((tab, i) => {
    tab.href = address(last[VIEWS[i]]);
    if (VIEWS[i] === place.view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  });
  spoken.forEach((one) => (one.href = inLanguage(one.lang, place)));
  const title = place.view ? t(TITLES[place.view]) : place.q;
  document.title = title ? `${title} – Fundstelle` : "Fundstelle";
  if (place.view) showOther(place);
  else {
    stand(ask.element);
    ask.show(place);
  }
  showArticle(place);
  if (isNew && !isBack) scrollTo(0, 0);
  const isLost = !isFirst && document.activeElement === document.body;
  if ((isOther || isLost) && !place.article) main.focus({ preventScroll: true });
}

async function showOther(place) {
  const view = await (place.view === "articles" ? library() : import("./insight.js"));
  if (before !== place) return;
  stand(view.element);
  view.show(place);
}

function stand(element) {
  if (element.parentNode !== slot) put(slot, element);
}

async function showArticle(place) {
  if (!place.article && !reader) return;
  reader ??= import("./reader.js");
  const { element, show: open } = await reader;
  if (before.article !== place.article) return;
  if (element.parentNode !== stage) stage.append(element);
  open(place, place.view ? null : ask.answer());
}

async function library() {
  const [module] = await Promise.all([import("./library.js"), adding()]);
  return module;
}

let loaded = null;
function adding() {
  loaded ??= import("./adding.js").then((module) => {
    module.onProgress((told) => {
      progress.hidden = !told;
      put(progress, told);
    });
    return module;
  });
  return loaded;
}

/** Files can be dropped anywhere. */
function listenForFiles() {
  const veil = h("div", { class: "veil", hidden: true }, h("p", {}, t("library.drop.here")));
  document.body.append(veil);
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  addEventListener("drop", async (event) => {
    veil.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    // What was dropped can be read only now, before anything is waited for.
    const files = [...event.dataTransfer.files];
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry());
    const { addFiles, filesOf } = await adding();
    go({ ...last.articles, article: "", at: null });
    addFiles(entries.every(Boolean) ? await filesOf(entries) : files);
  });
}

function skip(event) {
  event.preventDefault();
  main.focus();
}

function languageLink(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code);
  return h("a", { href: inLanguage(code, read()), lang: code, hreflang: code }, name);
}

function inLanguage(code, place) {
  const path = address(place);
  return path.startsWith("?") ? `${path}&lang=${code}` : `?lang=${code}`;
}

function isDark() {
  const { theme: own } = document.documentElement.dataset;
  return own ? own === "dark" : dark.matches;
}

function nameTheme() {
  put(theme, t(isDark() ? "theme.light" : "theme.dark"));
}

function turnTheme() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // Switched off: it holds until the page is left.
  }
  nameTheme();
}

start();
