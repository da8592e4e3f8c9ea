// @ts-check
/**
 * What a person is about to say: words, pictures, names of the notebook, whose place it takes.
 *
 * Law: nothing is sent from here, and nothing typed is lost.
 */
import { nameBegun, named } from "./deeds.js";
import { button, element } from "./paper.js";

const LARGEST = 5e6;
const MOST = 8;

/**
 * @param {ReturnType<typeof import("./paper.js").frame>} my
 * @param {{say: (message: object) => void, tell: (text: string, isFault?: boolean) => void}} how
 */
export function draft(my, { say, tell }) {
  let at = -1;
  let begun = /** @type {string | null} */ (null);
  let chosen = 0;
  /** @type {File[]} */
  let pictures = [];

  function fit() {
    my.text.style.height = "auto";
    my.text.style.height = `${my.text.scrollHeight + 2}px`;
  }

  /** @param {number} place @param {string} question */
  function edit(place, question) {
    at = place;
    my.text.value = question;
    chips();
    fit();
    my.text.focus();
  }

  /** Begin anew. */
  function leave() {
    at = -1;
    pictures = [];
    my.text.value = "";
    chips();
    fit();
  }

  /** Take out what was sent; what came since stays. @param {ReturnType<typeof whole>} sent */
  function take({ wish, pictures: gone }) {
    const { value } = my.text;
    at = -1;
    pictures = pictures.filter((one) => !gone.includes(one));
    if (value.startsWith(wish.text)) my.text.value = value.slice(wish.text.length);
    chips();
    fit();
  }

  /** What is to be sent of it. */
  const whole = () => ({ wish: { text: my.text.value, ...(at < 0 ? {} : { at }) }, pictures });

  function chips() {
    const made = pictures.map((one, nth) => button(`${one.name} ×`, "Leave it out", () => {
      pictures = pictures.filter((_, place) => place !== nth);
      chips();
    }));
    if (at >= 0) made.unshift(button(`Editing turn ${at + 1} ×`, "Leave it as it was (Esc)", leave));
    my.chips.replaceChildren(...made);
  }

  /** @param {FileList | undefined | null} files @returns {boolean} whether there were pictures */
  function add(files) {
    const found = [...(files ?? [])].filter((one) => one.type.startsWith("image/"));
    const fitting = found.filter((one) => one.size <= LARGEST);
    pictures = [...pictures, ...fitting].slice(0, MOST);
    if (fitting.length < found.length) tell("A picture may have 5 MB.", true);
    chips();
    return found.length > 0;
  }

  /** Offer the names that begin as the one at the caret does. */
  function look() {
    fit();
    begun = nameBegun(my.text.value, my.text.selectionStart);
    if (begun === null) offer([]);
    else say({ type: "names", word: begun });
  }

  /** @param {string[][]} found */
  function offer(found) {
    my.names.hidden = found.length === 0;
    my.names.replaceChildren(...found.map(([name, kind], nth) => {
      const made = element("li", "", name, { role: "option", id: `${my.names.id}-${nth}` });
      made.append(element("span", "quiet", kind));
      made.addEventListener("mousedown", (press) => {
        press.preventDefault();
        choose(nth);
        pick();
      });
      return made;
    }));
    choose(0);
  }

  /** @param {number} nth */
  function choose(nth) {
    const { children } = my.names;
    chosen = (nth + children.length) % Math.max(children.length, 1);
    [...children].forEach((one, place) => one.setAttribute("aria-selected", String(place === chosen)));
    my.text.setAttribute("aria-activedescendant", children[chosen]?.id ?? "");
    children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function pick() {
    const name = my.names.children[chosen]?.firstChild?.textContent ?? "";
    const { text, caret } = named(my.text.value, my.text.selectionStart, name);
    my.text.value = text;
    my.text.setSelectionRange(caret, caret);
    offer([]);
  }

  my.text.addEventListener("input", look);
  my.text.addEventListener("blur", () => {
    begun = null;
    offer([]);
  });
  my.text.addEventListener("paste", (event) => {
    if (add(event.clipboardData?.files)) event.preventDefault();
  });
  for (const kind of ["dragover", "drop"]) {
    my.root.addEventListener(kind, (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (kind === "drop") add(/** @type {DragEvent} */ (event).dataTransfer?.files);
    });
  }
  my.attach.addEventListener("click", () => my.file.click());
  my.file.addEventListener("change", () => add(my.file.files));
  return {
    edit, fit, leave, offer, take, whole,
    step: (/** @type {number} */ by) => choose(chosen + by),
    pick,
    isFor: (/** @type {string} */ word) => word === begun,
    isEmpty: () => my.text.value.trim() === "" && pictures.length === 0,
    isEditing: () => at >= 0,
  };
}
