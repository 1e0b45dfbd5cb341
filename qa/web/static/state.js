// Where the page is: all of it stands in the address, so that Back, reload and a link restore it.

/**
 * @typedef {object} Place
 * @property {string} q the question
 * @property {string} since a day, or ""
 * @property {string} until
 * @property {string[]} publishers
 * @property {string[]} languages
 * @property {boolean} allTimes no limit of time from the question
 * @property {boolean} recent newer articles first
 * @property {string} after the question before, which this one follows
 * @property {string} article the article that is open, by its id
 * @property {number|null} at the place in it, in code points
 * @property {""|"articles"|"insight"} view
 * @property {string} search what the listing is searched for
 * @property {string} sort
 * @property {boolean} descending
 * @property {number} page
 */

const VIEWS = ["articles", "insight"];
const SORTS = ["added", "published", "title", "publisher", "language"];
const DAY = /^\d{4}-\d\d-\d\d$/;
const ID = /^[0-9a-zA-Z_-]{1,64}$/;
const LONGEST = 2_000;

const listeners = [];

/** A place with nothing in it. @returns {Place} */
export function nowhere() {
  return {
    q: "",
    since: "",
    until: "",
    publishers: [],
    languages: [],
    allTimes: false,
    recent: false,
    after: "",
    article: "",
    at: null,
    view: "",
    search: "",
    sort: "added",
    descending: true,
    page: 1,
  };
}

/**
 * The place that an address names. What is not a value of its name is left out.
 * @param {string} [search]
 * @returns {Place}
 */
export function read(search = location.search) {
  const query = new URLSearchParams(search);
  const text = (name) => (query.get(name) ?? "").trim().slice(0, LONGEST);
  const one = (name, pattern) => (pattern.test(query.get(name) ?? "") ? query.get(name) : "");
  const all = (name) => [...new Set(query.getAll(name).filter(Boolean))];
  const whole = (name) =>
    /^\d{1,9}$/.test(query.get(name) ?? "") ? Number(query.get(name)) : null;
  return {
    q: text("q"),
    since: one("since", DAY),
    until: one("until", DAY),
    publishers: all("publisher"),
    languages: all("language"),
    allTimes: query.get("all_times") === "1",
    recent: query.get("recent") === "1",
    after: text("after"),
    article: one("article", ID),
    at: whole("at"),
    view: VIEWS.includes(query.get("view")) ? query.get("view") : "",
    search: text("search"),
    sort: SORTS.includes(query.get("sort")) ? query.get("sort") : "added",
    descending: query.get("descending") !== "0",
    page: Math.max(1, whole("page") ?? 1),
  };
}

/**
 * The address of a place, relative to the page's own.
 * @param {Partial<Place>} place
 * @returns {string}
 */
export function address(place) {
  const full = { ...nowhere(), ...place };
  const query = new URLSearchParams();
  const add = (name, value) => value && query.append(name, value);
  add("view", full.view);
  add("q", full.q);
  add("since", full.since);
  add("until", full.until);
  full.publishers.forEach((name) => add("publisher", name));
  full.languages.forEach((code) => add("language", code));
  add("all_times", full.allTimes && "1");
  add("recent", full.recent && "1");
  add("after", full.after);
  add("search", full.search);
  add("sort", full.sort !== "added" && full.sort);
  add("descending", !full.descending && "0");
  add("page", full.page > 1 && String(full.page));
  add("article", full.article);
  add("at", full.article && full.at !== null && String(full.at));
  const written = query.toString();
  return written ? `?${written}` : "./";
}

/**
 * What of a place the answer depends on; two with the same have the same answer.
 * @param {Place} place
 * @returns {string}
 */
export function asked(place) {
  const { q, since, until, publishers, languages, allTimes, recent, after } = place;
  return address({ q, since, until, publishers, languages, allTimes, recent, after });
}

/** The filters of a place. @param {Place} place @returns {Partial<Place>} */
export function filtersOf({ since, until, publishers, languages, allTimes, recent }) {
  return { since, until, publishers, languages, allTimes, recent };
}

/** Call `listener` with each new place. @param {(place: Place) => void} listener */
export function onPlace(listener) {
  listeners.push(listener);
}

/**
 * Go to a place. An article that takes the place of another is no new step of the history.
 * @param {Partial<Place>} place
 */
export function go(place) {
  const full = { ...nowhere(), ...place };
  const before = read();
  if (full.article && before.article) return amend(full);
  history.pushState({ opened: Boolean(full.article) }, "", address(full));
  tell();
}

/** Go to a place in the stead of the present one. @param {Partial<Place>} place */
export function amend(place) {
  history.replaceState(history.state, "", address(place));
  tell();
}

/** Close the article: one step back where opening it was a step. */
export function closeArticle() {
  if (history.state?.opened) history.back();
  else go({ ...read(), article: "", at: null });
}

/** Tell the listeners where the page is. */
export function tell() {
  const place = read();
  listeners.forEach((listener) => listener(place));
}
