// What readers say of an answer: right, wrong, or where the better sentence stands.

import { post, wordsOf } from "./api.js";
import { button, h, put } from "./dom.js";
import { note } from "./notice.js";
import { t } from "./texts.js";

/** Whether an answer is right, to be said with one click. @param {any} data */
export function verdictRow(data) {
  const said = async (verdict) => {
    if (!(await send(data, verdict, null))) return;
    buttons.forEach(([own, one]) => one.setAttribute("aria-pressed", String(own === verdict)));
    put(told, t(verdict === "wrong" ? "feedback.thanks.wrong" : "feedback.thanks"));
  };
  const buttons = ["right", "wrong"].map((verdict) => [
    verdict,
    button(t(`feedback.${verdict}`), () => said(verdict), { "aria-pressed": "false" }),
  ]);
  const told = h("span", { class: "quiet", role: "status" });
  return h(
    "div",
    { class: "row verdict", role: "group", "aria-label": t("feedback.title") },
    h("span", { class: "quiet" }, t("feedback.title")),
    buttons.map(([, one]) => one),
    told,
  );
}

/**
 * Say that a place answers better than what was shown.
 * @param {any} data the answer
 * @param {{article_id: string, start: number, end: number}} place in code points
 * @returns {Promise<boolean>} whether it was stored
 */
export async function better(data, place) {
  const stored = await send(data, "better", place);
  if (stored) note(t("feedback.thanks"));
  return stored;
}

async function send(data, verdict, place) {
  try {
    await post("api/feedback", { answer_id: data.answer_id, verdict, place });
    return true;
  } catch (error) {
    note(wordsOf(error));
    return false;
  }
}
