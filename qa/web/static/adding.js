// Adding files: they are sent, then taken in one by one, while the page goes on. What is chosen
// meanwhile waits for its turn.

import { isAbort, post, stream, upload, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { changed } from "./holdings.js";
import { announce } from "./notice.js";
import { many, number, t } from "./texts.js";

const FILES_AT_ONCE = 100;
const BYTES_AT_ONCE = 50_000_000;
const ORDERED_AT_ONCE = 3_000; // paths that fit into one request
const MINUTE = 60;
const STORED_AFTER_MS = 3_000; // what is at hand when an addition is stopped, is still stored

const waiting = []; // orders: {files} or {sources}
const sent = new Map(); // files by name, to be sent again where one was refused
const listeners = [];
let stopping = null;
let atWork = ""; // the server's name of the addition that it works at
let isEnding = false;

const line = h("p", { class: "progressline" });
const bar = h("progress", { max: 1, "aria-label": t("adding.title") });
const cancel = button(t("adding.cancel"), end);
const work = h("div", { class: "adding", hidden: true }, line, bar, cancel);
const reports = h("div", { class: "reports" });

/** Progress and reports. @type {HTMLElement} */
export const element = h("div", {}, work, reports);

/** @param {(told: string) => void} listener told how far it is, "" when nothing is left to do */
export function onProgress(listener) {
  listeners.push(listener);
}

/** Add files. @param {File[]} files */
export function addFiles(files) {
  if (files.length) enqueue({ files });
}

/** Try sources again that could not be read. @param {string[]} sources */
export function addAgain(sources) {
  if (sources.length) enqueue({ sources });
}

/** Whether a refused file is still at hand, to be sent again. @param {string} name */
export function isAtHand(name) {
  return sent.has(name);
}

/** Send refused files again. @param {string[]} names */
export function sendAgain(names) {
  addFiles(names.filter(isAtHand).map((name) => sent.get(name)));
}

/**
 * The files that were dropped, those of folders too.
 * @param {FileSystemEntry[]} entries
 * @returns {Promise<File[]>}
 */
export async function filesOf(entries) {
  const found = (await Promise.all(entries.map(filesIn))).flat();
  const names = found.map(({ file }) => file.name);
  // A file is known by its name: those of two folders with one name would replace each other.
  return found.map(({ file, path }, i) =>
    names.indexOf(file.name) === i ? file : new File([file], path, { type: file.type }),
  );
}

async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((found, failed) => entry.file(found, failed));
    return [{ file, path: entry.fullPath.slice(1).replaceAll("/", " - ") }];
  }
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    // A reader gives some at a time, and none at the end.
    const some = await new Promise((found, failed) => reader.readEntries(found, failed));
    if (!some.length) return files;
    files.push(...(await Promise.all(some.map(filesIn))).flat());
  }
}

async function enqueue(order) {
  waiting.push(order);
  if (stopping) return tell();
  work.hidden = false;
  work.scrollIntoView({ block: "nearest" });
  announce(t("adding.begins"));
  addEventListener("beforeunload", warn);
  while (waiting.length) {
    stopping = new AbortController();
    isEnding = false;
    await run(waiting.shift(), stopping.signal);
  }
  stopping = null;
  work.hidden = true;
  removeEventListener("beforeunload", warn);
  listeners.forEach((listener) => listener(""));
}

async function run(order, signal) {
  let last = null;
  try {
    for (const request of order.sources ? [{ sources: order.sources }] : groups(order.files)) {
      if (isEnding) break;
      const given = request.sources ? request : { files: await send(request, signal) };
      for await (const step of stream("add", given, signal)) {
        atWork = step.addition ?? "";
        if (step.stage === "adding") progress((last = step));
        else if (step.stage === "done") report(step);
        else if (step.stage === "problem") refuse(step.problem);
      }
    }
  } catch (error) {
    if (isAbort(error)) stopped(last);
    else refuse(wordsOf(error));
  } finally {
    atWork = "";
    changed();
  }
}

/** Asked once, what is at hand is still stored and the report comes; asked again, nobody waits. */
async function end() {
  waiting.length = 0;
  const own = stopping;
  if (!atWork || isEnding) return own?.abort();
  isEnding = true;
  put(line, t("adding.ending"));
  announce(t("adding.ending"));
  try {
    await post("api/stop", { addition: atWork });
  } catch {
    own.abort();
  }
}

function groups(files) {
  const found = [];
  for (let i = 0; i < files.length; i += ORDERED_AT_ONCE) {
    found.push(files.slice(i, i + ORDERED_AT_ONCE));
  }
  return found;
}

async function send(files, signal) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const paths = [];
  let before = 0;
  for (const some of portions(files)) {
    const told = (bytes) => show(many("adding.sending", files.length), before + bytes, total);
    told(0);
    paths.push(...(await upload(some, told, signal)));
    some.forEach((file) => sent.set(file.name, file));
    before += some.reduce((sum, file) => sum + file.size, 0);
  }
  return paths;
}

function* portions(files) {
  let some = [];
  let size = 0;
  for (const file of files) {
    if (some.length && (some.length >= FILES_AT_ONCE || size + file.size > BYTES_AT_ONCE)) {
      yield some;
      [some, size] = [[], 0];
    }
    some.push(file);
    size += file.size;
  }
  if (some.length) yield some;
}

function progress(step) {
  const { done, total, rate, left, name, waiting: because } = step;
  const told = [
    isEnding && t("adding.ending"),
    soFar(step),
    !isEnding && rate && many("adding.rate", Math.round(rate)),
    !isEnding && left !== null && left !== undefined && leftInWords(left),
    !isEnding && (because ?? name),
  ];
  show(told.filter(Boolean).join(" · "), done, total);
}

function soFar({ done, total }) {
  if (total === null) return many("adding.done", done);
  return t("adding.of", { done: number(done), total: number(total) });
}

function leftInWords(seconds) {
  if (seconds < MINUTE) return t("adding.left.seconds", { count: number(Math.ceil(seconds)) });
  return t("adding.left.minutes", { count: number(Math.ceil(seconds / MINUTE)) });
}

function show(told, done, total) {
  put(line, told);
  if (total) {
    bar.max = total;
    bar.value = done;
  } else {
    bar.removeAttribute("value");
  }
  tell();
}

function tell() {
  const share = bar.hasAttribute("value") ? bar.value / bar.max : 0;
  const told = t("adding.short", { percent: number(Math.floor(100 * share)) });
  listeners.forEach((listener) => listener(told));
}

function report({ report: told, cancelled }) {
  const words = cancelled ? `${t("adding.cancelled")} ${told.words}` : told.words;
  const failed = told.failed.map((item) => h("li", {}, failure(item)));
  add(
    h("p", {}, words),
    failed.length > 0 && [h("p", {}, t("adding.failed")), h("ul", { class: "failed" }, failed)],
  );
  announce(
    [words, failed.length && many("adding.failures", failed.length)].filter(Boolean).join(" "),
  );
}

/**
 * A source that could not be read, with why, and a way to try again where there is one.
 * @param {{source: string, name: string, reason: string, again: boolean}} item
 * @returns {unknown[]}
 */
export function failure({ source, name, reason, again }) {
  const attempt = () => (again ? addAgain([source]) : sendAgain([name]));
  const label = { class: "link", "aria-label": t("adding.again.name", { name }) };
  return [
    h("strong", {}, name),
    `: ${reason} `,
    (again || isAtHand(name)) && button(t("adding.again"), attempt, label),
  ];
}

function stopped(last) {
  const told = [t("adding.cancelled"), last && soFar(last)].filter(Boolean).join(" ");
  add(h("p", {}, told));
  announce(told);
  setTimeout(changed, STORED_AFTER_MS);
}

function refuse(reason) {
  add(h("p", { class: "problem", role: "alert" }, reason));
}

function add(...children) {
  const close = button("×", () => box.remove(), { class: "close", "aria-label": t("close") });
  const box = h("div", { class: "report" }, h("div", {}, children), close);
  reports.prepend(box);
}

function warn(event) {
  event.preventDefault(); // leaving the page would end the addition
}
