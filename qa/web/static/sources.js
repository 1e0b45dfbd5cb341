// What an answer says of its articles, and which parts of their texts it names.

import { langOf } from "./texts.js";

/**
 * What is known of an article: its headline, publisher, day, link and copies.
 * @param {any} data an answer as the server gave it
 * @param {string} id
 */
export function sourceOf(data, id) {
  const unknown = {
    headline: id,
    publisher: null,
    published_words: null,
    language: "",
    link: null,
  };
  return { ...unknown, name: "", also_in: [], ...data.shown.sources[id] };
}

/** Who published an article and when, on one line. @param {ReturnType<typeof sourceOf>} source */
export function factsOf(source) {
  return [source.publisher, source.published_words].filter(Boolean).join(", ");
}

/** An article's language as an attribute. @param {ReturnType<typeof sourceOf>} source */
export function langOfSource(source) {
  return langOf(source.language);
}

/** All citations of an answer; the nearest sentences where it has none. @param {any} data */
export function citationsOf({ answer }) {
  return answer.found ? answer.citations : answer.nearest;
}

/**
 * The citations that views name, and the others.
 * @param {any} answer
 * @returns {{proofs: any[], further: any[]}}
 */
export function divided(answer) {
  const named = new Set(answer.views.flatMap((view) => view.citations));
  return {
    proofs: answer.citations.filter(({ n }) => named.has(n)),
    further: answer.citations.filter(({ n }) => !named.has(n)),
  };
}

/**
 * A quote in parts, those that say a view's value with `strong`. Places count code points.
 * @param {any} answer
 * @param {any} citation
 * @returns {{text: string, strong: boolean}[]}
 */
export function partsOf(answer, citation) {
  const points = Array.from(citation.quote);
  const strong = new Uint8Array(points.length);
  for (const { citation: n, start, end } of answer.views.flatMap((view) => view.evidence)) {
    if (n === citation.n) strong.fill(1, start, end);
  }
  const parts = [];
  points.forEach((point, i) => {
    const last = parts.at(-1);
    if (last && last.strong === Boolean(strong[i])) last.text += point;
    else parts.push({ text: point, strong: Boolean(strong[i]) });
  });
  return parts;
}

/**
 * The passage that holds a range of an article, if the answer lists it.
 * @param {any} answer
 * @param {string} id
 * @param {number} start
 * @param {number} end
 */
export function passageOf(answer, id, start, end) {
  return answer.passages.find(
    (hit) => hit.article_id === id && hit.start <= start && end <= hit.end,
  );
}

/**
 * What a question names that a sentence does not: names and numbers.
 * @param {string} question
 * @param {string} quote
 * @returns {string[]}
 */
export function unnamed(question, quote) {
  const words = question.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}.,-]*[\p{L}\p{N}]|\p{N}/gu) ?? [];
  const names = words.slice(1).filter((word) => /^[\p{Lu}\p{N}]/u.test(word));
  const said = quote.toLocaleLowerCase();
  // Endings differ with the case of a noun: most of the word is enough.
  const stem = (word) => (word.length > 5 ? word.slice(0, Math.ceil(word.length * 0.7)) : word);
  return [...new Set(names)].filter((word) => !said.includes(stem(word.toLocaleLowerCase())));
}
