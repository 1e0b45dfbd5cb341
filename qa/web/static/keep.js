// What is taken along: a quote or the whole answer with footnotes, and files for other programs.

import { post, wordsOf } from "./api.js";
import { button, h } from "./dom.js";
import { note } from "./notice.js";
import { citationsOf, divided, factsOf, sourceOf } from "./sources.js";
import { t } from "./texts.js";

const FORMATS = ["markdown", "csv", "json", "bibtex", "csl"];

/**
 * Copy an answer with its footnotes.
 * @param {import("./state.js").Place} place
 * @param {any} data
 */
export function copyAnswer(place, data) {
  const { answer, shown } = data;
  const views = answer.views.map((view, i) => {
    const numbers = view.citations.map((n) => `[${n}]`).join("");
    return `• ${shown.views[i]?.said ?? view.value} ${numbers}`;
  });
  const cited = answer.found ? divided(answer).proofs : citationsOf(data);
  const notes = cited.map((one) => `[${one.n}] ${footnote(data, one)}`);
  const told = views.length ? views.join("\n") : answer.answer;
  return copy([data.understood ?? place.q, told, notes.join("\n")].filter(Boolean).join("\n\n"));
}

/** Copy one quote with its source. @param {any} data @param {any} citation */
export function copyQuote(data, citation) {
  return copy(footnote(data, citation));
}

/** Copy a text, and say so. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    note(t("keep.copied"));
  } catch {
    // Not on a page without https, nor where it is forbidden.
    note(copiedByHand(text) ? t("keep.copied") : t("keep.not_copied"));
  }
}

/**
 * A text in the marks of quotation of the interface's language.
 * @param {string} text
 */
export function quoted(text) {
  return t("quoted", { text: text.replace(/\s+/g, " ").trim() });
}

/** A menu of the forms in which an answer can be saved. @param {any} data @returns {HTMLElement} */
export function exportMenu(data) {
  const entries = FORMATS.map((format) =>
    h(
      "li",
      {},
      button(t(`export.${format}`), () => save(format), { class: "entry" }),
    ),
  );
  const menu = h(
    "details",
    {
      class: "menu",
      onkeydown: (event) => {
        if (event.key !== "Escape" || !menu.open) return;
        event.stopPropagation();
        close();
      },
      onfocusout: (event) => {
        if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
      },
    },
    h("summary", { class: "button" }, t("export.title")),
    h("ul", {}, entries),
  );
  const close = () => {
    menu.open = false;
    menu.querySelector("summary").focus();
  };
  const save = async (format) => {
    close();
    try {
      const made = await post("api/export", { answer_id: data.answer_id, format });
      // Without this mark spreadsheets take a CSV file for one of the system's code page.
      download(format === "csv" ? { ...made, content: `\ufeff${made.content}` } : made);
    } catch (error) {
      note(wordsOf(error));
    }
  };
  return menu;
}

function download({ name, type, content }) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function footnote(data, citation) {
  const source = sourceOf(data, citation.article_id);
  const where = [source.headline, factsOf(source), source.link ?? source.name];
  return `${quoted(citation.quote)} ${where.filter(Boolean).join(", ")}`;
}

function copiedByHand(text) {
  const before = document.activeElement;
  const field = h("textarea", { class: "unseen", "aria-hidden": "true", tabindex: "-1" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  return done;
}
