// An answer with its proof: the views first, then the numbered sentences they stand in.

import { button, h } from "./dom.js";
import { verdictRow } from "./feedback.js";
import { copyAnswer, copyQuote, exportMenu } from "./keep.js";
import { link } from "./link.js";
import {
  citationsOf,
  divided,
  factsOf,
  langOfSource,
  partsOf,
  passageOf,
  sourceOf,
  unnamed,
} from "./sources.js";
import { filtersOf, nowhere } from "./state.js";
import { langOf, number, t } from "./texts.js";
import { timeline } from "./timeline.js";

const LONG = 60; // characters from which a value is a sentence, and not set large

/**
 * The elements of an answer, beneath its question.
 * @param {import("./state.js").Place} place
 * @param {any} data as the server gave it
 * @returns {unknown[]}
 */
export function render(place, data) {
  const { answer } = data;
  return [
    data.understood && understoodAs(place, data),
    timeLimit(place, data),
    answer.found ? found(place, data) : refusal(place, data),
    actions(place, data),
    passages(place, data),
  ];
}

/** What a screen reader hears of an answer. @param {any} data @returns {string} */
export function announced({ answer, shown }) {
  const told = answer.answer.replace(/\s*\[\d+\]/g, "");
  return answer.found ? t("answer.announced", { answer: told, sure: shown.sure }) : told;
}

function found(place, data) {
  const { answer } = data;
  const views = answer.views.map((view, i) => card(place, data, view, i));
  const { proofs } = divided(answer);
  return [
    views.length
      ? h("ol", { class: "views", "aria-label": t("answer.views") }, views)
      : h("p", { class: "value" }, answer.answer),
    timeline(data),
    h("h3", {}, t("answer.evidence")),
    h(
      "ol",
      { class: "citations" },
      proofs.map((one) => citation(place, data, one)),
    ),
  ];
}

function card(place, data, view, i) {
  const words = data.shown.views[i] ?? { said: view.value, sure: "" };
  const rest = words.said.startsWith(view.value) ? words.said.slice(view.value.length) : "";
  const value = rest || words.said === view.value ? view.value : words.said;
  const notes = rest.trim().replace(/^\((.*)\)$/s, "$1");
  const first = data.answer.citations.find(({ n }) => n === view.citations[0]);
  const source = first && sourceOf(data, first.article_id);
  const lang = langOf(data.answer.language);
  return h(
    "li",
    { class: `view-card${view.former ? " former" : ""}` },
    h("p", { class: value.length > LONG ? "value long" : "value", lang }, value),
    notes && h("p", { class: "notes", lang }, notes),
    source &&
      h("p", { class: "from", lang: langOfSource(source) }, factsOf(source) || source.headline),
    h(
      "p",
      { class: "sure" },
      h("span", {}, words.sure),
      h(
        "span",
        { class: "numbers" },
        view.citations.map((n) => numberOf(place, data, n)),
      ),
    ),
  );
}

function numberOf(place, data, n) {
  const one = data.answer.citations.find((each) => each.n === n);
  if (!one) return null;
  const open = { ...place, article: one.article_id, at: one.start };
  return link(open, { class: "number", "aria-label": t("answer.citation", { n }) }, `[${n}]`);
}

function citation(place, data, one) {
  const source = sourceOf(data, one.article_id);
  const open = { ...place, article: one.article_id, at: one.start };
  return h(
    "li",
    { class: "citation", id: `beleg-${one.n}` },
    h("span", { class: "number", "aria-hidden": "true" }, String(one.n)),
    h("blockquote", { lang: langOfSource(source) }, quoteOf(data.answer, one)),
    h(
      "p",
      { class: "source" },
      h("cite", { lang: langOfSource(source) }, source.headline),
      factsOf(source) && h("span", {}, factsOf(source)),
      source.link && h("span", { class: "printed" }, source.link),
    ),
    alsoIn(place, source),
    !data.answer.found && whyNot(place.q, one.quote),
    h(
      "p",
      { class: "row tools" },
      link(open, { "aria-label": t("answer.read.n", { n: one.n }) }, t("answer.read")),
      button(t("answer.copy.quote"), () => copyQuote(data, one), {
        class: "link",
        "aria-label": t("answer.copy.quote.n", { n: one.n }),
      }),
    ),
  );
}

function quoteOf(answer, one) {
  return partsOf(answer, one).map(({ text, strong }) => (strong ? h("strong", {}, text) : text));
}

/** Links to the articles that hold the same text. */
export function alsoIn(place, source) {
  if (!source.also_in.length) return null;
  const links = source.also_in.map(({ article_id: id, name }, i) => [
    i ? ", " : " ",
    link({ ...place, article: id, at: null }, {}, name),
  ]);
  return h("p", { class: "also" }, t("answer.also_in"), links);
}

function whyNot(question, quote) {
  const names = unnamed(question, quote);
  const told = names.length
    ? t("answer.unnamed", { names: names.map((name) => t("quoted", { text: name })).join(", ") })
    : t("answer.beside");
  return h("p", { class: "whynot" }, told);
}

function refusal(place, data) {
  const { answer } = data;
  const held = filtersOf(place);
  const isFiltered = Boolean(
    held.since || held.until || held.publishers.length + held.languages.length,
  );
  return [
    h("p", { class: "refusal", lang: langOf(answer.language) }, refused(answer)),
    isFiltered &&
      h(
        "p",
        { class: "note" },
        t("answer.filtered"),
        " ",
        link({ ...place, ...filtersOf(nowhere()), article: "" }, {}, t("answer.unfiltered")),
      ),
    answer.nearest.length > 0 && [
      h("h3", {}, t("answer.nearest")),
      h(
        "ol",
        { class: "citations" },
        answer.nearest.map((one) => citation(place, data, one)),
      ),
    ],
  ];
}

/** Its first sentence: the nearest one, which the rest names, stands beneath. */
function refused({ answer, nearest }) {
  const end = nearest.length ? answer.search(/[.。!?]\s/u) : -1;
  return end < 0 ? answer : answer.slice(0, end + 1);
}

function understoodAs(place, data) {
  return h(
    "p",
    { class: "note understood" },
    t("answer.understood"),
    " ",
    h("q", { lang: langOf(data.answer.language) }, data.understood),
    " ",
    link({ ...place, after: "", article: "" }, { class: "action" }, t("answer.alone")),
  );
}

function timeLimit(place, data) {
  const limit = data.answer.time_limit;
  if (!data.shown.time_limit) return null;
  const lift = { ...place, allTimes: true, article: "", at: null };
  return h(
    "p",
    { class: "note" },
    data.shown.time_limit,
    // Where the limit leads nowhere, lifting it is the next thing to do.
    limit?.applied && [
      " ",
      link(lift, { class: data.answer.found ? "action" : "button" }, t("filter.all_times")),
    ],
  );
}

function actions(place, data) {
  return h(
    "div",
    { class: "actions" },
    h(
      "div",
      { class: "row" },
      button(t("keep.copy"), () => copyAnswer(place, data)),
      exportMenu(data),
    ),
    verdictRow(data),
  );
}

/** What else was found: sentences that no view names, then passages without a cited sentence. */
function passages(place, data) {
  const { answer } = data;
  const { further } = divided(answer);
  const cited = citationsOf(data).map((one) =>
    passageOf(answer, one.article_id, one.start, one.end),
  );
  const others = answer.passages.filter((hit) => !cited.includes(hit));
  const count = further.length + others.length;
  if (!count) return null;
  const title = t(answer.found ? "answer.further" : "answer.passages");
  const isAll = !answer.found && !answer.nearest.length;
  return h(
    "details",
    { class: "fold further", open: isAll },
    h("summary", {}, `${title} (${number(count)})`),
    further.length > 0 &&
      h(
        "ol",
        { class: "citations" },
        further.map((one) => citation(place, data, one)),
      ),
    h(
      "ul",
      { class: "passages" },
      others.map((hit) => passage(place, data, hit)),
    ),
  );
}

function passage(place, data, hit) {
  const source = sourceOf(data, hit.article_id);
  const open = { ...place, article: hit.article_id, at: hit.start };
  return h(
    "li",
    { class: "passage" },
    h("h3", { lang: langOfSource(source) }, link(open, {}, source.headline)),
    h("p", { class: "source" }, factsOf(source)),
    h("blockquote", { lang: langOfSource(source) }, hit.text),
    alsoIn(place, source),
    h("p", { class: "quiet" }, t("answer.rank", { rank: number(hit.rank) })),
  );
}
