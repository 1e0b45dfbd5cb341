// The page's texts in the language of the request, and how that language writes numbers and times.

const given = JSON.parse(document.getElementById("texts").textContent);

/** The language of the interface. @type {string} */
export const language = given.language;
/** The languages that the interface speaks. @type {string[]} */
export const languages = given.languages;
/** Questions to begin with. @type {string[]} */
export const examples = given.examples ?? [];
/** The numbers of the functions behind the queue, by name. @type {Record<string, number>} */
export const functions = given.functions ?? {};

const numerals = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
const plurals = new Intl.PluralRules(language);
const names = new Intl.DisplayNames([language], { type: "language", fallback: "code" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
const months = new Intl.DateTimeFormat(language, {
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

/**
 * A text of the page, with values in the places that it names.
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = given.texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? values[name] : place));
}

/**
 * A text that depends on a number, which stands in it as {count}.
 * @param {string} key
 * @param {number} count
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
export function many(key, count, values = {}) {
  const form = plurals.select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { count: number(count), ...values });
}

/** @param {number} value @returns {string} A whole number as people write it. */
export function number(value) {
  return numerals.format(value);
}

/** @param {number} value @returns {string} A figure with at most three decimals. */
export function figure(value) {
  return short.format(value);
}

/** @param {string|null|undefined} iso @returns {string} A day. */
export function day(iso) {
  return written(days, iso);
}

/** @param {string|null|undefined} iso A day or a month ("2024-05"). @returns {string} Its month. */
export function month(iso) {
  return written(months, iso?.length === 7 ? `${iso}-01` : iso);
}

/** @param {string|number} when @returns {string} A day and time of this device. */
export function moment(when) {
  return written(moments, when);
}

/** @param {string} code @returns {string} A language's name. */
export function languageName(code) {
  if (!code || code === "und") return t("language.unknown");
  try {
    return names.of(code);
  } catch {
    return code;
  }
}

/**
 * What can be said to be the language of an element; nothing where it is unknown.
 * @param {string|null|undefined} code
 * @returns {string|null}
 */
export function langOf(code) {
  return code && code !== "und" ? code : null;
}

function written(format, when) {
  const time = new Date(when ?? NaN);
  return Number.isNaN(time.getTime()) ? "" : format.format(time);
}
