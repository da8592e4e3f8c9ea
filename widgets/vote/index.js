// @ts-check
/**
 * A blind vote: two answers side by side, and a key for each thing one can say of them.
 *
 * Law: the kernel says what is shown and what can be done; a deed names the page it is about, so
 * that nothing is voted on that was not seen. Keys count only while the focus is in here.
 */
import { element, frame, plant, region, speaker, status } from "../page.js";

/** @typedef {[deed: string, label: string, sign: string, keys: string]} Deed */

/**
 * @param {Pick<KeyboardEvent, "key" | "repeat" | "ctrlKey" | "metaKey" | "altKey">} press
 * @param {Deed[]} deeds
 * @returns {string} the deed of a key, or nothing
 */
export function deedOf({ key, repeat, ctrlKey, metaKey, altKey }, deeds) {
  const typed = key.length === 1 ? key.toLowerCase() : key;
  if (repeat || ctrlKey || metaKey || altKey) return "";
  return deeds.find((one) => one[3].split(" ").includes(typed))?.[0] ?? "";
}

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} takes everything back */
function render({ model, el }) {
  /** @type {Deed[]} */
  const deeds = model.get("deeds");
  const root = frame("mj-vote", "Blind vote");
  const bar = element("progress", "", "", { "aria-label": "Progress" });
  const count = status();
  const said = status();
  const say = speaker(model, said);
  /** @type {Record<string, HTMLElement>} */
  const parts = {
    asked: region("asked text", "The prompt"),
    a: region("text", "Answer A"),
    b: region("text", "Answer B"),
    over: element("div", "over"),
  };
  const two = element("div", "two");
  const acts = element("div", "acts");
  let sent = "";

  const buttons = deeds.map(([deed, label, sign, keys]) => {
    const made = element("button", deed, label, { type: "button", "aria-keyshortcuts": keys });
    if (sign) made.append(element("kbd", "", sign, { "aria-hidden": "true" }));
    made.onclick = () => act(deed);
    return made;
  });

  /** @param {string} deed */
  function act(deed) {
    const { key, can } = model.get("page");
    if (sent === key || !can.includes(deed)) return;
    sent = key;
    say({ type: deed, key });
  }

  function draw() {
    const page = model.get("page");
    const isHeld = root.contains(document.activeElement);
    sent = "";
    say(null, page.said);
    bar.max = page.of;
    bar.value = page.done;
    count.textContent = page.count;
    // A smaller pair moves no button away from under a pointer.
    two.style.minHeight = `${two.offsetHeight}px`;
    two.hidden = !page.a;
    for (const name in parts) {
      plant(parts[name], page[name]);
      parts[name].hidden = !page[name];
      parts[name].scrollTop = 0;
    }
    buttons.forEach((one, n) => (one.hidden = !page.can.includes(deeds[n][0])));
    // What had the focus may be gone, and keys with it.
    const active = document.activeElement;
    if (isHeld && !(root.contains(active) && active?.checkVisibility())) {
      root.focus({ preventScroll: true });
    }
  }

  root.tabIndex = 0;
  two.append(parts.a, parts.b);
  acts.append(...buttons);
  root.append(bar, count, parts.asked, two, parts.over, acts, said);
  root.onkeydown = (press) => {
    // Else the notebook takes the keys: `x` cuts a cell.
    if (!press.ctrlKey && !press.metaKey) press.stopPropagation();
    const { scrollHeight, clientHeight, classList } = /** @type {HTMLElement} */ (press.target);
    const isScroll = classList.contains("text") && scrollHeight > clientHeight + 1;
    const deed = deedOf(press, deeds);
    if (deed && !(isScroll && press.key === "ArrowDown")) {
      press.preventDefault();
      act(deed);
    }
  };
  model.on("change:page", draw);
  el.append(root);
  draw();
  return () => {
    model.off("change:page", draw);
    say(null);
    root.remove();
  };
}

export default { render };
