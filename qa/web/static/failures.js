// Sources that could not be read, of all additions so far, with why and what can be done.

import { addAgain, failure } from "./adding.js";
import { get, post, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { changed } from "./holdings.js";
import { note } from "./notice.js";
import { many, t } from "./texts.js";

/** The list, folded; empty where everything was read. @type {HTMLElement} */
export const element = h("div");

/** Show so many failures. @param {number} count */
export async function tell(count) {
  if (!count) return put(element);
  const items = await get("api/failures");
  const again = items.filter((item) => item.again).map((item) => item.source);
  const sources = items.map((item) => item.source);
  const wasOpen = element.querySelector("details")?.open;
  return put(
    element,
    h(
      "details",
      { class: "fold", open: wasOpen },
      h("summary", {}, many("library.failures", count)),
      h("ul", { class: "failed" }, items.map(row)),
      h(
        "p",
        { class: "row" },
        again.length > 1 && button(t("library.again.all"), () => addAgain(again)),
        button(t("library.forget.all"), () => forget(sources), { class: "link" }),
      ),
    ),
  );
}

function row(item) {
  const { source, name } = item;
  const label = { class: "link", "aria-label": t("library.forget.name", { name }) };
  return h(
    "li",
    {},
    failure(item),
    " ",
    button(t("library.forget"), () => forget([source]), label),
  );
}

async function forget(sources) {
  try {
    await post("api/forget", { sources });
    changed();
  } catch (error) {
    note(wordsOf(error));
  }
}
