// The articles of the collection: searched, ordered, page by page; added, edited, removed.

import { addFiles, element as adding } from "./adding.js";
import { get, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { edit } from "./edit.js";
import { element as failures, tell as tellFailures } from "./failures.js";
import { filterBar } from "./filters.js";
import { holdings, inWords, onChange } from "./holdings.js";
import { link } from "./link.js";
import { among, choose, element as picked, isChosen } from "./picked.js";
import { amend, go, read } from "./state.js";
import { langOf, languageName, many, number, t } from "./texts.js";

const SIZE = 50;
const TYPED_MS = 250;
const KINDS = ".txt,.md,.html,.htm,.jsonl,.csv";
const COLUMNS = ["title", "publisher", "published", "language"];

let asked = null;
let key = "";
let typed = 0;
let page = 0; // that is shown

const held = h("p", { class: "holds" });
const search = h("input", {
  type: "search",
  id: "search",
  placeholder: t("library.search"),
  oninput: () => {
    clearTimeout(typed);
    typed = setTimeout(() => amend({ ...read(), search: search.value.trim(), page: 1 }), TYPED_MS);
  },
});
const sort = h(
  "select",
  { onchange: () => order(sort.value, sort.value === "added" || sort.value === "published") },
  ["added", ...COLUMNS].map((name) => h("option", { value: name }, t(`library.sort.${name}`))),
);
const direction = button("", () => order(read().sort, !read().descending), { class: "direction" });
const filters = filterBar((found) => go({ ...read(), ...found, page: 1, article: "" }), {
  settings: false,
});
const files = h("input", {
  type: "file",
  id: "files",
  multiple: true,
  accept: KINDS,
  class: "unseen",
  onchange: () => {
    addFiles([...files.files]);
    files.value = "";
  },
});
const listing = h("div", { class: "listing", "aria-live": "off" });

/** The view's element. @type {HTMLElement} */
export const element = h(
  "section",
  { class: "view library", "aria-label": t("library.title") },
  h("h1", {}, t("library.title")),
  held,
  h(
    "div",
    { class: "drop" },
    files,
    h("label", { for: "files", class: "button" }, t("library.choose")),
    h("p", { class: "quiet" }, t("library.drop")),
  ),
  adding,
  failures,
  h(
    "div",
    { class: "row listhead", role: "search" },
    h("label", { class: "unseen", for: "search" }, t("library.search")),
    search,
    h("label", { class: "ordering" }, h("span", {}, t("library.sort")), sort),
    direction,
  ),
  filters.element,
  picked,
  listing,
);

/** Show the articles of a place. @param {import("./state.js").Place} place */
export function show(place) {
  filters.set(place);
  if (document.activeElement !== search) search.value = place.search;
  sort.value = place.sort;
  put(direction, t(place.descending ? "library.descending" : "library.ascending"));
  const { search: query, descending, since, until } = place;
  const wanted = {
    query,
    sort: place.sort,
    descending: descending ? 1 : 0,
    page: place.page,
    size: SIZE,
    publisher: place.publishers,
    language: place.languages,
    since,
    until,
  };
  if (key === JSON.stringify(wanted)) return;
  key = JSON.stringify(wanted);
  load(wanted);
}

async function load(wanted) {
  asked?.abort();
  const own = (asked = new AbortController());
  listing.setAttribute("aria-busy", "true");
  try {
    const found = await get("api/articles", wanted, own.signal);
    if (own !== asked) return;
    among(found.total, { ...wanted, page: "", size: "" });
    draw(found);
  } catch (error) {
    if (own !== asked) return;
    key = "";
    put(listing, h("p", { class: "problem", role: "alert" }, wordsOf(error)));
  } finally {
    if (own === asked) listing.removeAttribute("aria-busy");
  }
}

function draw(found) {
  const rows = found.articles.map(row);
  const all = h("input", {
    type: "checkbox",
    "aria-label": t("library.all"),
    onchange: () => {
      found.articles.forEach(({ article_id: id }) => choose(id, all.checked));
      rows.forEach((one) => (one.querySelector("input").checked = all.checked));
    },
  });
  const focused = listing.contains(document.activeElement) && document.activeElement.dataset.key;
  all.checked = rows.length > 0 && found.articles.every((item) => isChosen(item.article_id));
  put(
    listing,
    h(
      "p",
      { class: "quiet count", tabindex: "-1", role: "status" },
      many("library.found", found.total),
    ),
    rows.length > 0 &&
      h(
        "table",
        { class: "articles" },
        h("caption", { class: "unseen" }, t("library.title")),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, h("label", { class: "tick" }, all)),
            COLUMNS.map(column),
            lastColumns(),
          ),
        ),
        h("tbody", {}, rows),
      ),
    pager(found),
  );
  if (page && page !== found.page) {
    listing.firstElementChild.focus({ preventScroll: true });
    listing.scrollIntoView({ block: "start" });
  } else if (focused) {
    listing.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }
  page = found.page;
}

function column(name) {
  const { sort: by, descending } = read();
  const own = by === name;
  const label = t(`library.column.${name}`);
  const turn = () => order(name, own ? !descending : name === "published");
  const arrow = own && h("span", { "aria-hidden": "true" }, descending ? " ↓" : " ↑");
  const state = own ? (descending ? "descending" : "ascending") : null;
  const press = button([label, arrow], turn, { class: "link", "data-key": name });
  return h("th", { scope: "col", "aria-sort": state, class: `col-${name}` }, press);
}

function lastColumns() {
  return [
    h("th", { scope: "col", class: "col-passages" }, t("library.column.passages")),
    h("th", { scope: "col" }, h("span", { class: "unseen" }, t("library.column.edit"))),
  ];
}

function row(item) {
  const { article_id: id, headline } = item;
  const tick = h("input", {
    type: "checkbox",
    checked: isChosen(id),
    "aria-label": t("library.pick", { title: headline }),
    onchange: () => choose(id, tick.checked),
  });
  const open = { ...read(), article: id, at: null };
  const change = button(t("library.edit"), () => edit(item), {
    class: "link",
    "data-key": `edit ${id}`,
    "aria-label": t("library.edit.title", { title: headline }),
  });
  return h(
    "tr",
    {},
    h("td", { class: "col-tick" }, h("label", { class: "tick" }, tick)),
    h(
      "th",
      { scope: "row", class: "col-title" },
      link(open, { lang: langOf(item.language), "data-key": id }, headline),
      item.copy && h("span", { class: "badge" }, t("library.copy")),
      // Without a publisher articles of one title are told apart by their files.
      !item.publisher && h("small", { class: "quiet" }, item.name),
    ),
    h("td", { class: "col-publisher" }, item.publisher ?? ""),
    h("td", { class: "col-published" }, item.published_words ?? ""),
    h("td", { class: "col-language" }, langOf(item.language) && languageName(item.language)),
    h(
      "td",
      { class: "col-passages" },
      h("span", { class: "in-number" }, number(item.passages)),
      h("span", { class: "in-words" }, many("library.passages", item.passages)),
    ),
    h("td", { class: "col-edit" }, change),
  );
}

function pager({ page: own, size, total }) {
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1) return null;
  const to = (target, label) =>
    target < 1 || target > last || target === own
      ? h("span", { class: "button off", "aria-hidden": "true" }, label)
      : link({ ...read(), page: target, article: "" }, { class: "button" }, label);
  return h(
    "nav",
    { class: "row pager", "aria-label": t("library.pages") },
    to(1, t("library.first")),
    to(own - 1, t("library.previous")),
    h("span", {}, t("library.page", { page: number(own), last: number(last) })),
    to(own + 1, t("library.next")),
    to(last, t("library.last")),
  );
}

function order(by, descending) {
  amend({ ...read(), sort: by, descending, page: 1 });
}

function reload() {
  key = "";
  if (read().view === "articles") show(read());
}

async function tellHoldings() {
  try {
    const found = await holdings();
    const writer = found.writer && t("library.writer", { writer: found.writer });
    put(
      held,
      [inWords(found), many("library.passages", found.passages), writer]
        .filter(Boolean)
        .join(" · "),
    );
    await tellFailures(found.failures);
  } catch (error) {
    put(held, wordsOf(error));
  }
}

onChange(() => {
  reload();
  tellHoldings();
});
tellHoldings();
