// What one can begin with: examples, the newest articles, earlier questions.

import { get } from "./api.js";
import { h, put } from "./dom.js";
import { list } from "./history.js";
import { onChange } from "./holdings.js";
import { link } from "./link.js";
import { filtersOf, read } from "./state.js";
import { examples, langOf, t } from "./texts.js";

const SAMPLE = "Scale AI"; // an article of the collection that the examples are questions to
const NEWEST = 5;

let asked = null;

/** The element. @returns {HTMLElement} */
export function starts() {
  const first = h("div");
  fill(first);
  return h("div", {}, first, list());
}

async function fill(box) {
  try {
    asked ??= offered();
    const { title, links } = await asked;
    const heading = h("h2", { id: "starts-title" }, t(title));
    const entries = links().map((one) => h("li", {}, one));
    if (!entries.length) return;
    put(
      box,
      h(
        "section",
        { "aria-labelledby": "starts-title" },
        heading,
        h("ul", { class: "plain" }, entries),
      ),
    );
  } catch {
    asked = null; // what is wrong is told where the holdings stand
  }
}

async function offered() {
  const { total } = await get("api/articles", { query: SAMPLE, size: 1 });
  if (total && examples.length) return { title: "ask.examples", links: exampleLinks };
  const { articles } = await get("api/articles", { sort: "added", descending: 1, size: NEWEST });
  return { title: "ask.recent", links: () => articles.map(articleLink) };
}

function exampleLinks() {
  const kept = filtersOf(read());
  return examples.map((q) => link({ ...kept, q }, { class: "example" }, q));
}

function articleLink({ article_id: article, headline, language }) {
  return link({ article }, { lang: langOf(language) }, headline);
}

onChange(() => {
  asked = null;
});
