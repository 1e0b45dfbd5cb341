// The filters: chips for those that hold, and a folded bar to choose them in.

import { button, h, put } from "./dom.js";
import { holdings, onChange } from "./holdings.js";
import { filtersOf, nowhere } from "./state.js";
import { day, languageName, number, t } from "./texts.js";

const SHOWN = 24;
const SEARCHED_FROM = 12;

/**
 * @typedef {object} FilterBar
 * @property {HTMLElement} element
 * @property {(place: import("./state.js").Place) => void} set show a place's filters
 * @property {() => Partial<import("./state.js").Place>} value what is chosen, applied or not yet
 */

/**
 * A bar of filters.
 * @param {(filters: Partial<import("./state.js").Place>) => void} apply called with what is to hold
 * @param {{settings: boolean}} options whether there is more to say of a question
 * @returns {FilterBar}
 */
export function filterBar(apply, { settings }) {
  let held = null;
  const since = h("input", { type: "date", max: "9999-12-31" });
  const until = h("input", { type: "date", max: "9999-12-31" });
  const publishers = choice(t("filter.publisher"), t("filter.publisher.search"));
  const languages = choice(t("filter.language"), "");
  const timeless = h("input", { type: "checkbox" });
  const recent = h("input", { type: "checkbox" });
  const chips = h("ul", { class: "chips", hidden: true, "aria-label": t("filter.held") });

  const value = () => ({
    since: since.value,
    until: until.value,
    publishers: publishers.value(),
    languages: languages.value(),
    allTimes: timeless.checked,
    recent: recent.checked,
  });
  const clear = () => {
    write(filtersOf(nowhere()));
    apply(value());
  };
  const form = h(
    "form",
    {
      class: "filterform",
      onsubmit: (event) => {
        event.preventDefault();
        details.open = false;
        apply(value());
      },
    },
    h(
      "fieldset",
      { class: "dates" },
      h("legend", {}, t("filter.published")),
      h("label", {}, h("span", {}, t("filter.since")), since),
      h("label", {}, h("span", {}, t("filter.until")), until),
    ),
    publishers.element,
    languages.element,
    settings &&
      h(
        "fieldset",
        {},
        h("legend", {}, t("filter.settings")),
        h("label", { class: "check" }, timeless, h("span", {}, t("filter.all_times.label"))),
        h("label", { class: "check" }, recent, h("span", {}, t("filter.recent.label"))),
      ),
    h(
      "p",
      { class: "row" },
      h("button", { type: "submit", class: "primary" }, t("filter.apply")),
      button(t("filter.clear"), clear, { class: "link" }),
    ),
  );
  const details = h("details", { class: "fold" }, h("summary", {}, t("filter.title")), form);

  const write = (filters) => {
    since.value = filters.since;
    until.value = filters.until;
    publishers.choose(filters.publishers);
    languages.choose(filters.languages);
    timeless.checked = filters.allTimes;
    recent.checked = filters.recent;
  };
  const set = (place) => {
    const filters = filtersOf(place);
    // What is chosen and not applied yet stays while the page goes elsewhere.
    if (JSON.stringify(filters) === JSON.stringify(held)) return;
    held = filters;
    write(held);
    put(chips, chipsOf(held, apply));
    chips.hidden = !chips.children.length;
  };

  const refresh = async () => {
    // Without the holdings the dates still work; the line above says what is wrong.
    const { publishers: named, languages: spoken } = await holdings().catch(() => nowhere());
    publishers.offer(named.map(({ name, articles }) => ({ value: name, label: name, articles })));
    languages.offer(
      spoken.map(({ code, articles }) => ({ value: code, label: languageName(code), articles })),
    );
  };
  onChange(refresh);
  refresh();
  return { element: h("div", { class: "filters" }, details, chips), set, value };
}

function chipsOf(held, apply) {
  const chip = (label, rest) =>
    h(
      "li",
      {},
      button(label, () => apply({ ...held, ...rest }), {
        class: "chip",
        "aria-label": t("filter.remove", { filter: label }),
      }),
    );
  const without = (name, gone) => ({ [name]: held[name].filter((one) => one !== gone) });
  return [
    held.since && chip(t("filter.chip.since", { day: day(held.since) }), { since: "" }),
    held.until && chip(t("filter.chip.until", { day: day(held.until) }), { until: "" }),
    held.publishers.map((name) => chip(name, without("publishers", name))),
    held.languages.map((code) => chip(languageName(code), without("languages", code))),
    held.allTimes && chip(t("filter.all_times"), { allTimes: false }),
    held.recent && chip(t("filter.recent"), { recent: false }),
  ];
}

/** Several of many values, as boxes to tick; a long list can be searched. */
function choice(legend, searchLabel) {
  let offered = [];
  const chosen = new Set();
  const boxes = h("div", { class: "boxes" });
  const search = h("input", {
    type: "search",
    placeholder: searchLabel,
    "aria-label": searchLabel || legend,
    oninput: () => draw(),
  });
  const element = h("fieldset", {}, h("legend", {}, legend), search, boxes);

  const boxOf = ({ value, label, articles }) => {
    const tick = h("input", {
      type: "checkbox",
      checked: chosen.has(value),
      onchange: () => (tick.checked ? chosen.add(value) : chosen.delete(value)),
    });
    const count = articles === null ? null : h("small", {}, ` ${number(articles)}`);
    return h("label", { class: "check" }, tick, h("span", {}, label, count));
  };
  const draw = () => {
    const known = new Set(offered.map((one) => one.value));
    const gone = [...chosen].filter((value) => !known.has(value));
    const all = [...gone.map((value) => ({ value, label: value, articles: null })), ...offered];
    const wanted = search.value.trim().toLocaleLowerCase();
    const found = all.filter(
      (one) => chosen.has(one.value) || one.label.toLocaleLowerCase().includes(wanted),
    );
    found.sort((a, b) => chosen.has(b.value) - chosen.has(a.value));
    search.hidden = !searchLabel || all.length < SEARCHED_FROM;
    element.hidden = !all.length;
    put(boxes, found.slice(0, SHOWN).map(boxOf));
    if (found.length > SHOWN) {
      boxes.append(h("p", { class: "quiet" }, t("filter.more", { count: found.length - SHOWN })));
    }
  };
  draw();
  return {
    element,
    value: () => [...chosen],
    offer: (entries) => {
      offered = entries;
      draw();
    },
    choose: (values) => {
      chosen.clear();
      values.forEach((value) => chosen.add(value));
      draw();
    },
  };
}
