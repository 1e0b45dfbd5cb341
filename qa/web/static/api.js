// The server: JSON routes, and functions behind Gradio's queue whose results come as a stream.

import { functions, t } from "./texts.js";

/** What the server, or the way to it, says went wrong; the text is for people. */
export class Problem extends Error {}

/**
 * What a route answers.
 * @param {string} path relative to the page
 * @param {Record<string, unknown>} [query] empty values are left out, lists repeated
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}, signal = undefined) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== "" && one !== null) given.append(name, one);
  }
  const written = given.toString();
  return (await request(written ? `${path}?${written}` : path, { signal })).json();
}

/**
 * What a route answers to an order.
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function post(path, body, signal = undefined) {
  const headers = { "Content-Type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(body), signal };
  return (await request(path, sent)).json();
}

/**
 * The values that a function of the queue gives, as they come. Leaving the loop, or the signal,
 * stops the function too.
 * @param {string} name
 * @param {object} given its one argument
 * @param {AbortSignal} signal
 * @yields {any}
 */
export async function* stream(name, given, signal) {
  const { event_id: event } = await post(`gradio_api/call/${name}`, { data: [given] }, signal);
  let ended = false;
  let any = false;
  try {
    const headers = { Accept: "text/event-stream" };
    const response = await request(`gradio_api/call/${name}/${event}`, { headers, signal });
    for await (const message of messages(response.body)) {
      if (message.kind === "error") {
        ended = true;
        throw new Problem(reasonOf(message.data));
      }
      const value = message.data?.[0];
      if (message.kind === "generating") {
        any = true;
        yield value;
      } else if (message.kind === "complete") {
        // It repeats the last value of a stream.
        ended = true;
        if (!any && value) yield value;
        return;
      }
    }
    throw new Problem(t("problem.broken"));
  } finally {
    if (!ended) cancel(name, event);
  }
}

/**
 * Send files to the server.
 * @param {File[]} files
 * @param {(sent: number) => void} told bytes that have gone
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>} what the server calls them
 */
export function upload(files, told, signal) {
  // fetch does not tell how far an upload has come.
  return new Promise((resolve, reject) => {
    const form = new FormData();
    files.forEach((file) => form.append("files", file, file.name));
    const sent = new XMLHttpRequest();
    const stop = () => sent.abort();
    sent.open("POST", "gradio_api/upload");
    sent.upload.onprogress = (event) => told(event.loaded);
    sent.onabort = () => reject(new DOMException("aborted", "AbortError"));
    sent.onerror = () => reject(new Problem(t("problem.unreachable")));
    sent.onload = () => {
      if (sent.status === 200) resolve(JSON.parse(sent.responseText));
      else reject(new Problem(said(sent.responseText)));
    };
    sent.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    sent.send(form);
  });
}

/** Whether an error only says that something was stopped. @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** An error in words. @param {unknown} error @returns {string} */
export function wordsOf(error) {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return t("problem.page");
}

function cancel(name, event) {
  if (!(name in functions)) return;
  const body = JSON.stringify({ session_hash: event, fn_index: functions[name], event_id: event });
  const headers = { "Content-Type": "application/json" };
  // Leaving the stream ends it too, a little later; so it does not matter whether this is heard.
  fetch("gradio_api/cancel", { method: "POST", headers, body, keepalive: true }).catch(() => {});
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem(t("problem.unreachable"));
  }
  if (response.ok) return response;
  throw new Problem(said(await response.text()));
}

async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (held + value).split("\n\n");
      held = parts.pop();
      for (const part of parts) yield messageOf(part);
    }
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem(t("problem.broken"));
  } finally {
    reader.cancel().catch(() => {}); // it has ended, or nobody reads on
  }
}

function messageOf(part) {
  const message = { kind: "", data: null };
  for (const line of part.split("\n")) {
    if (line.startsWith("event: ")) message.kind = line.slice(7);
    else if (line.startsWith("data: ")) message.data = JSON.parse(line.slice(6));
  }
  return message;
}

function reasonOf(data) {
  const found = typeof data === "string" ? data : data?.error;
  return found || t("problem.server");
}

function said(body) {
  let found = body;
  try {
    const { problem, detail } = JSON.parse(body);
    found = problem ?? detail;
  } catch {
    // Some refusals are plain text.
  }
  const isText = typeof found === "string" && found && !found.trimStart().startsWith("<");
  return isText ? found.slice(0, 500) : t("problem.server");
}
