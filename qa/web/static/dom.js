// All markup of the page is made here: elements by name, text as text, attributes from a list.
// What comes from an article or a person can become text or the value of such an attribute, and
// nothing else.

const ATTRIBUTES = new Set(
  (
    "accept autocomplete checked class disabled download enterkeyhint for hidden href hreflang " +
    "id lang max maxlength multiple name open placeholder rel role scope spellcheck tabindex " +
    "target type value"
  ).split(" "),
);
const SVG_ATTRIBUTES = new Set(
  (
    "class cx cy d height points preserveAspectRatio r role rx text-anchor viewBox width x x1 x2 " +
    "y y1 y2"
  ).split(" "),
);
const FORBIDDEN = new Set(["script", "style", "iframe", "object", "embed", "base", "meta"]);
const SCHEMES = new Set(["http:", "https:", "blob:"]);
const SVG = "http://www.w3.org/2000/svg";

// Controls, bidirectional controls, line and paragraph separators, lone surrogates: they would
// steer the display, so they are written out. As qa/show/sanitize.py has it.
const STEERING =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/**
 * Text with what would steer the display written out: `\u202e`.
 * @param {unknown} text
 * @returns {string}
 */
export function visible(text) {
  return String(text)
    .replaceAll("\r\n", "\n")
    .replace(STEERING, (found) => {
      const code = found.codePointAt(0);
      return code < 0x100
        ? `\\x${code.toString(16).padStart(2, "0")}`
        : `\\u${code.toString(16).padStart(4, "0")}`;
    });
}

/**
 * Whether an address may become a link: the web's, and files made by this page.
 * @param {string} address
 * @returns {boolean}
 */
export function isLink(address) {
  try {
    return SCHEMES.has(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}

/**
 * An HTML element. Attributes that begin with "on" are listeners; null, undefined and false leave
 * an attribute out; children are elements, texts, lists of them, or nothing.
 * @param {string} name
 * @param {Record<string, unknown>} [attributes]
 * @param {...unknown} children
 * @returns {HTMLElement}
 */
export function h(name, attributes = {}, ...children) {
  if (FORBIDDEN.has(name.toLowerCase())) throw new TypeError(`no ${name} is made here`);
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) {
      if (value) element.addEventListener(key.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      set(element, key, value, ATTRIBUTES);
    }
  }
  return fill(element, children);
}

/**
 * An SVG element, of shapes and text only.
 * @param {"svg"|"g"|"rect"|"circle"|"line"|"path"|"polyline"|"text"|"title"} name
 * @param {Record<string, unknown>} [attributes]
 * @param {...unknown} children
 * @returns {SVGElement}
 */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) set(element, key, value, SVG_ATTRIBUTES);
  }
  return fill(element, children);
}

/**
 * Replace what an element holds.
 * @template {Element} E
 * @param {E} element
 * @param {...unknown} children
 * @returns {E}
 */
export function put(element, ...children) {
  element.replaceChildren();
  return fill(element, children);
}

/**
 * A button that does something on this page.
 * @param {unknown} label
 * @param {(event: Event) => unknown} action
 * @param {Record<string, unknown>} [attributes]
 * @returns {HTMLElement}
 */
export function button(label, action, attributes = {}) {
  return h("button", { type: "button", onclick: action, ...attributes }, label);
}

function set(element, key, value, known) {
  if (!known.has(key) && !/^(aria|data)-[a-z-]+$/.test(key)) {
    throw new TypeError(`no attribute ${key} is set here`);
  }
  if (key === "href" && !isLink(String(value))) return;
  element.setAttribute(key, value === true ? "" : visible(value));
}

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : visible(child));
  }
  return element;
}
