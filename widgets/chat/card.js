// @ts-check
/**
 * The questions in a chat: may this tool run, and what does the model want to know?
 *
 * Law: nothing is allowed by a key or a click that was meant for something else.
 */
import { button, element } from "./paper.js";

const SETTLE_MS = 500;

/** @typedef {{give: (answer: string) => void, after: (ms: number, act: () => void) => void}} How */

/**
 * Ask, or take the question away.
 *
 * @param {ReturnType<typeof import("./paper.js").frame>} my
 * @param {any} told what is asked, or null
 * @param {How} how
 */
export function asking(my, told, how) {
  const isInside = my.card.contains(document.activeElement);
  my.card.hidden = !told;
  my.card.replaceChildren();
  my.card.onkeydown = null;
  if (!told) {
    if (isInside) my.text.focus({ preventScroll: true });
    return;
  }

  const { made, focus, label } = told.kind === "words" ? words(told, how) : consent(my.card, told, how);
  my.card.setAttribute("role", "group");
  my.card.setAttribute("aria-label", label);
  my.card.append(...made);
  if (my.text.value === "" && !isWriting(my.root)) focus.focus({ preventScroll: true });
  my.heard.textContent = `${label}.`;
}

/** Whether somebody writes outside of this chat, and must not lose the cursor. @param {HTMLElement} root */
function isWriting(root) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  return !root.contains(active) && Boolean(active?.isContentEditable || active?.matches("input, select, textarea"));
}

/** @param {HTMLElement} card @param {any} told @param {How} how */
function consent(card, told, { give, after }) {
  const buttons = [
    button("Allow", "Allow (y)", () => give("yes")),
    button("Not this time", "Not this time (n)", () => give("no")),
    button("Always for this tool", "Always for this tool (a)", () => give("always")),
  ];
  const head = element("p", "");
  const row = element("div", "acts");
  head.append(element("b", "", told.tool), ` wants to run: ${told.why}`);
  row.append(...buttons);
  card.onkeydown = (press) => {
    const nth = ["y", "n", "a"].indexOf(press.key);
    if (nth >= 0 && !press.repeat) buttons[nth].click();
  };
  // Nothing is allowed before it can have been read.
  buttons.forEach((one, nth) => (one.disabled = nth !== 1));
  after(SETTLE_MS, () => buttons.forEach((one) => (one.disabled = false)));
  const call = element("pre", "", told.call, { tabindex: "0" });
  return { made: [head, call, row], focus: buttons[1], label: `${told.tool} wants to run` };
}

/** @param {any} told @param {How} how */
function words(told, { give }) {
  const field = element("textarea", "", "", { rows: "2", "aria-label": "Your answer" });
  const row = element("div", "acts");
  const act = () => give(field.value);
  field.addEventListener("keydown", (press) => {
    if (press.key !== "Enter" || press.shiftKey || press.isComposing) return;

    press.preventDefault();
    if (!press.repeat) act();
  });
  row.append(button("Answer", "Answer (Enter)", act));
  const made = [element("p", "words", told.question, { tabindex: "0" }), field, row];
  return { made, focus: field, label: "The model asks you something" };
}
