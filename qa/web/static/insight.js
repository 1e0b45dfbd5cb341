// What the collection is made of, and how well the articles answer the questions of evaluations.

import { get, wordsOf } from "./api.js";
import { h, put } from "./dom.js";
import { onChange } from "./holdings.js";
import { link } from "./link.js";
import { curve, monthly, share } from "./plots.js";
import { read } from "./state.js";
import { figure, languageName, many, moment, month, number, t } from "./texts.js";

const MOST = 20; // publishers and languages
const PLOTTED = 6; // figures of evaluations

const content = h("div");
let isShown = false;

/** The view's element. @type {HTMLElement} */
export const element = h(
  "section",
  { class: "view insight", "aria-label": t("insight.title") },
  h("h1", {}, t("insight.title")),
  content,
);

/** Show it. */
export async function show() {
  if (isShown) return;
  isShown = true;
  try {
    draw(await get("api/insight"));
  } catch (error) {
    isShown = false;
    put(content, h("p", { class: "problem", role: "alert" }, wordsOf(error)));
  }
}

function draw(found) {
  const named = ({ name }) => ({ publishers: [name] });
  const spoken = ({ code }) => ({ languages: [code] });
  const languages = found.languages.map((one) => ({ ...one, name: languageName(one.code) }));
  put(
    content,
    part("insight.months", overTime(found)),
    h(
      "div",
      { class: "pair" },
      part("insight.publishers", shares(found.publishers, named)),
      part("insight.languages", shares(languages, spoken)),
    ),
    part("insight.evaluations", evaluations(found.evaluations)),
  );
}

function part(title, inside) {
  return h("section", {}, h("h2", {}, t(title)), inside);
}

function overTime({ months, undated }) {
  const note = undated > 0 && h("p", { class: "quiet" }, many("insight.undated", undated));
  if (!months.length) return [h("p", { class: "quiet" }, t("insight.no_dates")), note];
  const rows = months.map((one) => [month(one.month), number(one.articles)]);
  const heads = [t("insight.month"), t("insight.articles")];
  return [
    monthly(withGaps(months)),
    note,
    h(
      "details",
      { class: "fold" },
      h("summary", {}, t("insight.as_table")),
      table(heads, rows, t("insight.months")),
    ),
  ];
}

/** Months without an article are not told; on a line of time they have their place. */
function withGaps(months) {
  const counts = new Map(months.map((one) => [one.month, one.articles]));
  const [last] = [...counts.keys()].sort().slice(-1);
  const all = [];
  for (let at = [...counts.keys()].sort()[0]; at <= last; at = after(at)) {
    all.push({ month: at, articles: counts.get(at) ?? 0 });
  }
  return all;
}

function after(at) {
  const [year, place] = at.split("-").map(Number);
  const next = place === 12 ? [year + 1, 1] : [year, place + 1];
  return `${String(next[0]).padStart(4, "0")}-${String(next[1]).padStart(2, "0")}`;
}

function shares(entries, filterOf) {
  if (!entries.length) return h("p", { class: "quiet" }, t("insight.none"));
  const most = Math.max(...entries.map((one) => one.articles));
  const bars = entries
    .slice(0, MOST)
    .map((one) =>
      h(
        "li",
        {},
        link({ view: "articles", ...filterOf(one) }, {}, one.name),
        h("span", { class: "count" }, number(one.articles)),
        share(one.articles / most),
      ),
    );
  const rest = entries.length - bars.length;
  return [
    h("ul", { class: "bars" }, bars),
    rest > 0 && h("p", { class: "quiet" }, many("insight.more", rest)),
  ];
}

function evaluations(runs) {
  if (!runs.length) return h("p", { class: "quiet" }, t("insight.no_evaluations"));
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.figures)))];
  const valueOf = (run, name) =>
    typeof run.figures[name] === "number" ? figure(run.figures[name]) : "–";
  const rows = runs.map((run) => [
    run.name,
    moment(run.when),
    run.questions ? number(run.questions.asked) : "–",
    ...names.map((name) => valueOf(run, name)),
  ]);
  const heads = [t("insight.run"), t("insight.when"), t("insight.questions"), ...names];
  const plots = names.slice(0, PLOTTED).map((name) => plotOf(runs, name));
  return [
    h("div", { class: "curves" }, plots),
    h(
      "div",
      { class: "sideways", tabindex: "0", role: "region", "aria-label": t("insight.evaluations") },
      table(heads, rows, t("insight.evaluations")),
    ),
  ];
}

function plotOf(runs, name) {
  const values = runs.map((run) => run.figures[name]).filter((one) => typeof one === "number");
  if (values.length < 2) return null;
  const ends = { first: figure(values[0]), last: figure(values.at(-1)) };
  return h(
    "figure",
    { class: "curve" },
    h("figcaption", {}, name),
    curve(values, t("insight.curve", { name, ...ends })),
    h("p", { class: "quiet" }, t("insight.from_to", ends)),
  );
}

function table(heads, rows, title) {
  return h(
    "table",
    { class: "figures" },
    h("caption", { class: "unseen" }, title),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((head) => h("th", { scope: "col" }, head)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map(([first, ...cells]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, first),
          cells.map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
}

onChange(() => {
  isShown = false;
  if (read().view === "insight") show();
});
