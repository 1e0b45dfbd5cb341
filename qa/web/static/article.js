// The text of an article as elements, with marks; and where a selection in it begins and ends.
// Places count code points of the article's text; JavaScript's strings count otherwise.

import { h, visible } from "./dom.js";

const TITLE_LEVEL = 2;
const LOWEST_LEVEL = 6;
const KEYS = {
  ArrowLeft: ["left", "character"],
  ArrowRight: ["right", "character"],
  ArrowUp: ["backward", "line"],
  ArrowDown: ["forward", "line"],
};
const FASTER = { character: "word", line: "paragraph" };

const starts = new WeakMap(); // of each text node: where it begins, and whether it stands as it is

/**
 * @typedef {object} Mark
 * @property {number} start
 * @property {number} end
 * @property {number|null} n a citation's number; null for a passage
 */

/**
 * An article's blocks as elements.
 * @param {any} article as the server gave it
 * @param {Mark[]} marks
 * @returns {HTMLElement[]}
 */
export function body(article, marks) {
  const elements = [];
  let level = TITLE_LEVEL;
  let list = null;
  for (const block of withoutTitle(article, marks)) {
    if (block.kind === "item") {
      if (!list) elements.push((list = h("ul")));
      const depth = `depth-${Math.min(block.level, 4)}`;
      // A numbered item has its number in its text.
      const kind = block.numbered ? `${depth} numbered` : depth;
      list.append(h("li", { class: kind }, runs(block, marks)));
      continue;
    }
    list = null;
    if (block.kind === "heading") {
      // No level is left out, whatever the article does.
      level = Math.min(TITLE_LEVEL + Math.max(1, block.level), level + 1, LOWEST_LEVEL);
      elements.push(h(`h${level}`, {}, runs(block, marks)));
    } else {
      elements.push(elementOf(block, marks));
    }
  }
  return elements;
}

/**
 * Let a selection be made with Shift and the arrow keys, as in a text that can be written in.
 * @param {KeyboardEvent} event
 */
export function selectWithKeys(event) {
  const [way, by] = KEYS[event.key] ?? [];
  if (!way || !event.shiftKey) return;
  event.preventDefault();
  const selection = getSelection();
  if (!event.currentTarget.contains(selection.focusNode))
    selection.collapse(event.currentTarget, 0);
  selection.modify("extend", way, event.ctrlKey || event.altKey ? FASTER[by] : by);
}

/**
 * Where the selection stands in an article's text; null where nothing in `root` is selected.
 * @param {Element} root
 * @returns {{start: number, end: number, text: string}|null}
 */
export function selected(root) {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let [start, end] = [null, null];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!starts.has(node) || !range.intersectsNode(node)) continue;
    const from = node === range.startContainer ? range.startOffset : 0;
    const to = node === range.endContainer ? range.endOffset : node.length;
    if (from >= to) continue;
    start ??= placeIn(node, from);
    end = placeIn(node, to);
  }
  return start === null || start >= end ? null : { start, end, text: selection.toString() };
}

function placeIn(node, offset) {
  const { start, written } = starts.get(node);
  // One that is written out is one code point, however many stand there.
  if (written) return offset ? start + 1 : start;
  return start + Array.from(node.data.slice(0, offset)).length;
}

/** The headline stands above the text already, unless a mark is in it. */
function withoutTitle({ blocks, headline }, marks) {
  const [first] = blocks;
  if (!["heading", "paragraph"].includes(first?.kind)) return blocks;
  const text = first.runs.map((run) => run.text).join("");
  const begin = first.runs[0]?.start ?? 0;
  const end = begin + Array.from(text).length;
  const isMarked = marks.some((mark) => mark.start < end && begin < mark.end);
  return text.trim() === headline.trim() && !isMarked ? blocks.slice(1) : blocks;
}

function elementOf(block, marks) {
  if (block.kind === "rule") return h("hr");
  const inside = runs(block, marks);
  if (block.kind === "quote") return h("blockquote", {}, h("p", {}, inside));
  if (block.kind === "code") return h("pre", { tabindex: "0" }, h("code", {}, inside));
  return h("p", { class: block.level ? `depth-${Math.min(block.level, 4)}` : null }, inside);
}

function runs(block, marks) {
  return block.runs.map((run) => styled(run, pieces(run, marks)));
}

function styled(run, inside) {
  const name = { strong: "strong", emphasis: "em", code: "code" }[run.style];
  const shown = name ? h(name, {}, inside) : inside;
  if (!run.href) return shown;
  const outside = { target: "_blank", rel: "noopener noreferrer nofollow" };
  return h("a", { href: run.href, ...outside }, shown);
}

/** A run cut where marks begin and end; what is in one is a `mark` of the innermost. */
function pieces(run, marks) {
  const points = Array.from(run.text);
  const end = run.start + points.length;
  const inside = marks.filter((mark) => mark.start < end && run.start < mark.end);
  const cuts = new Set([run.start, end]);
  for (const mark of inside) {
    cuts.add(Math.max(run.start, mark.start));
    cuts.add(Math.min(end, mark.end));
  }
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((after, i) => {
    const from = places[i];
    const nodes = texts(points.slice(from - run.start, after - run.start), from);
    const own = inside.filter((mark) => mark.start <= from && after <= mark.end);
    if (!own.length) return nodes;
    const numbers = own.map((mark) => mark.n).filter((n) => n !== null);
    const begun = own.filter((mark) => mark.start === from && mark.n !== null);
    return h(
      "mark",
      {
        class: numbers.length ? "cited" : "passage-mark",
        "data-marks": own.map((mark) => mark.start).join(" "),
        // Written by the style sheet, so that it is in no selection.
        "data-n": begun.map((mark) => mark.n).join(", ") || null,
      },
      nodes,
    );
  });
}

/** Text nodes that know where they begin; steering characters are written out on their own. */
function texts(points, from) {
  const nodes = [];
  let plain = "";
  const add = (text, start, written) => {
    const node = document.createTextNode(text);
    starts.set(node, { start, written });
    nodes.push(node);
  };
  let begin = from;
  points.forEach((point, i) => {
    const written = visible(point);
    if (written === point) {
      plain += point;
      return;
    }
    if (plain) add(plain, begin, false);
    add(written, from + i, true);
    plain = "";
    begin = from + i + 1;
  });
  if (plain) add(plain, begin, false);
  return nodes;
}
