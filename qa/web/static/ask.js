// The view in which questions are asked. The last question wins: what an earlier one still brings
// is dropped, and an answer only ever stands under its own question.

import { isAbort, stream, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { filterBar } from "./filters.js";
import { remember } from "./history.js";
import { holdings, inWords, onChange } from "./holdings.js";
import { link } from "./link.js";
import { announce } from "./notice.js";
import { amend, asked, go, nowhere, read } from "./state.js";
import { starts as startsOf } from "./starts.js";
import { t } from "./texts.js";

const STAGES = ["understand", "search", "read"];
const TOLD_AFTER_MS = 1_000; // shorter waits are not spoken of: the answer would come after them
const KEPT = 30;
const FOLLOW = "follow";

const answers = new Map(); // by what was asked; Back shows them without asking again
let running = null; // what stops the question that is being answered
let shown = ""; // what the answer below is to
let given = null; // that answer
let answered = () => {};

const question = h("input", {
  id: "question",
  type: "text",
  name: "q",
  maxlength: 2000,
  autocomplete: "off",
  enterkeyhint: "search",
  spellcheck: "false",
  oninput: showFollow,
});
const follow = h("input", { type: "checkbox", checked: wantsFollow(), onchange: keepFollow });
const followed = h("span");
const follows = h("label", { class: "check follow", hidden: true }, follow, followed);
const filters = filterBar(apply, { settings: true });
const result = h("div", { class: "result" });
const held = h("p", { class: "holds" });
const starts = h("div", { class: "starts" });
const heading = h("h1", {}, t("ask.title"));

/** The view's element. @type {HTMLElement} */
export const element = h(
  "section",
  { class: "view ask", "aria-label": t("ask.title") },
  h("div", { class: "opening" }, heading, h("p", { class: "lead" }, t("ask.lead")), held),
  h(
    "form",
    { class: "asking", role: "search", onsubmit: submit },
    h("label", { class: "unseen", for: "question" }, t("ask.question")),
    h(
      "div",
      { class: "line" },
      question,
      h("button", { type: "submit", class: "primary" }, t("ask.submit")),
    ),
    follows,
  ),
  filters.element,
  result,
  starts,
);

/** Call `listener` when an answer has come. @param {() => void} listener */
export function onAnswer(listener) {
  answered = listener;
}

/** The answer that is shown, as the server gave it. @returns {any} */
export function answer() {
  return given;
}

/**
 * Show the question of a place, with its answer.
 * @param {import("./state.js").Place} place
 */
export function show(place) {
  filters.set(place);
  element.classList.toggle("begun", Boolean(place.q));
  if (!place.q) {
    stop();
    shown = "";
    given = null;
    put(result);
    offerFollow("");
    question.value = "";
    put(starts, startsOf());
    return;
  }
  put(starts);
  const key = asked(place);
  if (key === shown) return;
  question.value = place.q;
  if (answers.has(key)) {
    stop();
    shown = key;
    draw(place, answers.get(key));
  } else {
    run(place, key);
  }
}

/** Put the cursor where a question is asked. */
export function focus() {
  question.focus();
}

async function run(place, key) {
  stop();
  const own = (running = new AbortController());
  const stages = progress(() => halt(place, own));
  shown = key;
  given = null;
  offerFollow("");
  put(result, titleOf(place), stages.element);
  result.setAttribute("aria-busy", "true");
  try {
    const rendering = import("./answer.js");
    rendering.catch(() => {}); // told where it is awaited, if anything is to be rendered
    for await (const step of stream("answer", requestOf(place), own.signal)) {
      if (own !== running) return;
      if (step.stage === "done") await finish(place, key, step, rendering);
      else if (step.stage === "problem") failed(place, step.problem);
      else stages.at(step.stage);
    }
  } catch (error) {
    if (own === running && !isAbort(error)) failed(place, wordsOf(error));
  } finally {
    stages.end();
    if (own === running) running = null;
    if (!running) result.removeAttribute("aria-busy");
  }
}

async function finish(place, key, data, rendering) {
  const own = running;
  const { announced } = await rendering;
  if (own !== running) return;
  answers.set(key, data);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  remember(place);
  await draw(place, data);
  announce(announced(data));
}

async function draw(place, data) {
  const key = shown;
  given = data;
  const { render } = await import("./answer.js");
  if (key !== shown) return;
  put(result, titleOf(place), render(place, data));
  offerFollow(data.understood ?? place.q);
  answered();
}

function titleOf(place) {
  return h("h2", { class: "asked" }, place.q);
}

function requestOf(place) {
  return {
    question: place.q,
    since: place.since || null,
    until: place.until || null,
    publishers: place.publishers,
    languages: place.languages,
    all_times: place.allTimes,
    recent: place.recent,
    after: place.after || null,
  };
}

/** What is being done, step by step, with a way to stop it. */
function progress(onStop) {
  const steps = STAGES.map((name) => h("li", { "data-stage": name }, t(`stage.${name}`)));
  const at = (stage) => {
    const place = STAGES.indexOf(stage);
    steps.forEach((step, i) => {
      step.className = i < place ? "past" : i === place ? "now" : "";
    });
  };
  const timer = setTimeout(() => announce(t("stage.wait")), TOLD_AFTER_MS);
  const list = h("ol", { class: "stages" }, steps);
  at(STAGES[0]);
  return {
    element: h("div", { class: "working" }, list, button(t("ask.stop"), onStop)),
    at,
    end: () => clearTimeout(timer),
  };
}

function stop() {
  running?.abort();
  running = null;
}

function halt(place, own) {
  if (own !== running) return;
  stop();
  put(result, titleOf(place), h("p", { class: "note" }, t("ask.stopped"), " ", again(place)));
  announce(t("ask.stopped"));
  question.focus();
}

function failed(place, reason) {
  put(
    result,
    titleOf(place),
    h("p", { class: "problem", role: "alert" }, reason, " ", again(place)),
  );
}

function again(place) {
  return button(t("ask.again"), () => run(place, asked(place)), { class: "link" });
}

function submit(event) {
  event.preventDefault();
  const q = question.value.trim();
  if (!q) return question.focus();
  if (matchMedia("(hover: none)").matches) question.blur(); // the keyboard would hide the answer
  const place = { ...nowhere(), ...filters.value(), q, after: afterWhich(q) };
  if (asked(place) === asked(read())) {
    answers.delete(asked(place));
    run(read(), asked(place));
  } else {
    go(place);
  }
}

function apply(chosen) {
  const place = { ...read(), ...chosen, article: "", at: null };
  if (place.q) go(place);
  else amend(place);
}

/** The question that `q` follows; the one that is shown, asked again, follows what it followed. */
function afterWhich(q) {
  if (q === read().q) return read().after;
  const before = follow.checked ? follows.dataset.after : "";
  return before === q ? "" : before;
}

/** Let the next question follow this one, unless that is switched off. */
function offerFollow(before) {
  follows.dataset.after = before;
  put(followed, t("ask.follow", { question: before }));
  showFollow();
}

/** The switch is there as soon as there is another question that it could be of. */
function showFollow() {
  follows.hidden = !follows.dataset.after || question.value.trim() === read().q;
}

function wantsFollow() {
  try {
    return localStorage.getItem(FOLLOW) !== "0";
  } catch {
    return true;
  }
}

function keepFollow() {
  try {
    localStorage.setItem(FOLLOW, follow.checked ? "1" : "0");
  } catch {
    // Switched off: it holds until the page is left.
  }
}

async function tellHoldings() {
  try {
    const found = await holdings();
    const add = link({ view: "articles" }, {}, t("holdings.add"));
    put(held, inWords(found), found.articles ? null : [" ", add]);
  } catch (error) {
    put(held, wordsOf(error));
  }
}

onChange(() => {
  answers.clear(); // they may be others now
  tellHoldings();
});
tellHoldings();
