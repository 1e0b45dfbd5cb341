// What is selected in an article, and what can be done with it.

import { selected } from "./article.js";
import { button, h, put } from "./dom.js";
import { better } from "./feedback.js";
import { copy, quoted } from "./keep.js";
import { t } from "./texts.js";

/**
 * What can be done with a selected part of an article: copy it, or say that it answers better.
 * @param {any} article
 * @param {any} data the answer that stands beside it, if one does
 * @param {HTMLElement} text the article's text
 * @returns {{element: HTMLElement, choose: () => void}} `choose` is to be called when the selection
 *   has changed
 */
export function selectionBar(article, data, text) {
  const told = h("p", { class: "selected" });
  const hint = t(data ? "reader.select" : "reader.select.copy");
  let chosen = null;
  const send = async () => {
    const place = { article_id: article.article_id, start: chosen.start, end: chosen.end };
    if (await better(data, place)) getSelection().removeAllRanges();
  };
  const judge = data && button(t("feedback.better"), send, { disabled: true, onmousedown: hold });
  const take = button(t("answer.copy.quote"), () => copy(citationOf(article, chosen)), {
    disabled: true,
    onmousedown: hold,
  });
  const choose = () => {
    if (!text.isConnected) return;
    chosen = selected(text);
    for (const one of [judge, take]) if (one) one.disabled = !chosen;
    put(told, chosen ? quoted(shortened(chosen.text)) : hint);
  };
  put(told, hint);
  const row = h("div", { class: "row" }, judge, take);
  return { element: h("footer", { class: "selection" }, told, row), choose };
}

/** A click on a button leaves the selection as it is. */
function hold(event) {
  event.preventDefault();
}

function citationOf(article, { text }) {
  const where = [
    article.headline,
    article.publisher,
    article.published_words,
    article.link ?? article.name,
  ];
  return `${quoted(text)} ${where.filter(Boolean).join(", ")}`;
}

function shortened(text) {
  return text.length > 120
    ? `${text.slice(0, 60).trimEnd()} … ${text.slice(-50).trimStart()}`
    : text;
}
