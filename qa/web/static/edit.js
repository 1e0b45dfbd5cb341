// What is known of an article, corrected in a small form.

import { post, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { changed } from "./holdings.js";
import { note } from "./notice.js";
import { t } from "./texts.js";

/**
 * Let an article's title, day and publisher be corrected.
 * @param {{article_id: string, title: string, published: string|null,
 *   publisher: string|null}} item
 */
export function edit(item) {
  const title = field("title", "text", item.title);
  const published = field("published", "date", item.published ?? "");
  const publisher = field("publisher", "text", item.publisher ?? "");
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const save = h("button", { type: "submit", class: "primary" }, t("edit.save"));
  const store = async (event) => {
    event.preventDefault();
    save.disabled = true;
    try {
      const changes = [title, published, publisher]
        .filter((input) => input.value !== input.defaultValue)
        .map((input) => [input.name, input.value.trim() || null]);
      const path = `api/articles/${encodeURIComponent(item.article_id)}`;
      if (changes.length) await post(path, Object.fromEntries(changes));
      dialog.close();
      changed();
      note(t("edit.saved"));
    } catch (error) {
      save.disabled = false;
      problem.hidden = false;
      put(problem, wordsOf(error));
    }
  };
  const dialog = h(
    "dialog",
    { class: "form", "aria-labelledby": "edit-title", onclose: () => dialog.remove() },
    h(
      "form",
      { onsubmit: store },
      h("h2", { id: "edit-title" }, t("edit.title")),
      h("label", {}, h("span", {}, t("edit.headline")), title),
      h("label", {}, h("span", {}, t("edit.published")), published),
      h("label", {}, h("span", {}, t("edit.publisher")), publisher),
      problem,
      h(
        "p",
        { class: "row" },
        save,
        button(t("edit.cancel"), () => dialog.close()),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function field(name, type, value) {
  return h("input", { name, type, value, maxlength: 1000, autocomplete: "off" });
}
