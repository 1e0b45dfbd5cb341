// What the collection holds, asked once and again when it has changed.

import { get } from "./api.js";
import { many, month, t } from "./texts.js";

const listeners = [];
let asked = null;

/**
 * What the collection holds.
 * @returns {Promise<{articles: number, passages: number, since: string|null, until: string|null,
 *   publishers: {name: string, articles: number}[],
 *   languages: {code: string, name: string, articles: number}[],
 *   failures: number, writer: string|null}>}
 */
export function holdings() {
  asked ??= get("api/holdings").catch((error) => {
    asked = null; // so that the next one asks again
    throw error;
  });
  return asked;
}

/** Something was added, removed or edited: whoever shows the collection is called. */
export function changed() {
  asked = null;
  listeners.forEach((listener) => listener());
}

/** @param {() => unknown} listener called when the collection has changed */
export function onChange(listener) {
  listeners.push(listener);
}

/**
 * The collection in one line: "4 Artikel, Mai 2024 bis Juni 2025".
 * @param {Awaited<ReturnType<typeof holdings>>} held
 * @returns {string}
 */
export function inWords(held) {
  if (!held.articles) return t("holdings.none");
  const articles = many("holdings.articles", held.articles);
  const [since, until] = [month(held.since), month(held.until)];
  if (!since || !until) return articles;
  if (since === until) return t("holdings.month", { articles, month: since });
  return t("holdings.span", { articles, since, until });
}
