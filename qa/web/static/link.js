// Links to places of the page: ordinary ones, which a click follows without loading anew.

import { h } from "./dom.js";
import { address, go } from "./state.js";

/**
 * A link to a place.
 * @param {Partial<import("./state.js").Place>|(() => Partial<import("./state.js").Place>)} place a
 *   function where it changes
 * @param {Record<string, unknown>} attributes
 * @param {...unknown} children
 * @returns {HTMLElement}
 */
export function link(place, attributes, ...children) {
  const where = typeof place === "function" ? place : () => place;
  const follow = (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(where());
  };
  return h("a", { href: address(where()), onclick: follow, ...attributes }, ...children);
}
