// @ts-check
/**
 * What the page of a trace is made of, and how it asks the kernel.
 *
 * Law: every word is placed as text. Nothing here knows what has been chosen or opened.
 */
import { seconds } from "./spans.js";

/** @typedef {import("./spans.js").Row} Row */
/** @typedef {import("./spans.js").View} View */

const MARKS = { error: "✗ ", cancelled: "◌ ", abandoned: "◌ " };
const DEEPEST = 10;
const LEAST_SHARE = 0.03;
// What is said while a cell runs may be heard late or never, so it is said again, a bounded
// number of times; the kernel takes the first. See widgets/consent.
const AGAIN_MS = 250;
const TIMES = 12;
// A slow machine needs longer than it takes to say that nobody answers.
const LATE_MS = 1000;
const LATE_TIMES = 20;

/**
 * An element of a class with a text in it, and attributes.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} name
 * @param {string} [text]
 * @param {Record<string, string>} [given]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, name, text = "", given = {}) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  Object.entries(given).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

/** A name nobody else has. */
export const anew = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;

/**
 * Says a thing until it is answered, the next one is said, or it was said often enough.
 *
 * @param {(message: object) => void} send
 * @param {() => void} [silence] what to do when no answer comes
 */
export function asker(send, silence = () => {}) {
  let last = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again;

  /** @param {object} message @param {number} times */
  function say(message, times) {
    try {
      send(message);
    } catch {
      // A front end knows that its kernel is gone.
      silence();
      return;
    }
    again = setTimeout(
      () => {
        if (times === TIMES) silence();
        if (times < TIMES + LATE_TIMES) say(message, times + 1);
      },
      times > TIMES ? LATE_MS : AGAIN_MS,
    );
  }

  return {
    /** @param {object} message */
    ask(message) {
      clearTimeout(again);
      last = anew();
      say({ ...message, ask: last }, 1);
    },
    /** @param {any} answer @returns {boolean} whether it answers what was asked last */
    hears(answer) {
      const isMine = last !== "" && answer?.ask === last;
      if (isMine) clearTimeout(again);
      return isMine;
    },
    hush() {
      clearTimeout(again);
      last = "";
    },
  };
}

/** @param {HTMLElement} bar @param {View} view @param {number} from @param {number} to */
export function place(bar, view, from, to) {
  const percent = (/** @type {number} */ at) => (100 * (at - view.from)) / (view.to - view.from);
  const [left, right] = [Math.max(percent(from), -1), Math.min(percent(to), 101)];
  bar.hidden = right < 0 || left > 100;
  bar.style.left = `${Math.min(left, 99.5)}%`;
  bar.style.width = `${Math.max(right - left, 0)}%`;
}

/** @param {Row} row @returns {string[]} what a tooltip says of it */
export function lines(row) {
  const begun = `starts at ${seconds(row.start, 1)}, takes ${seconds(row.takes)}`;
  const name = `${MARKS[row.status] ?? ""}${row.name}`;
  return [name, `${row.kind}, ${row.status}, ${begun}`, row.words];
}

/** @param {any} said one message @param {boolean} isOpen @returns {HTMLElement} */
function message(said, isOpen) {
  const made = element("details", `message ${said.role === "error" ? "fault" : ""}`);
  made.open = isOpen;
  const head = element("summary", "", "");
  head.append(element("b", "", said.role), element("span", "quiet", ` ${said.size}`));
  const text = element("pre", "", said.text, {
    tabindex: "0", role: "region", "aria-label": `What it says: ${said.role}`,
  });
  made.append(head, text);
  return made;
}

/** @param {any} answer what the kernel tells of a span @returns {HTMLElement[]} */
export function told(answer) {
  const facts = element("dl", "facts");
  for (const [name, value] of answer.facts) {
    facts.append(element("dt", "quiet", name), element("dd", "", value));
  }
  const last = answer.messages.length - 1;
  const shown = answer.messages.map((/** @type {any} */ one, /** @type {number} */ at) =>
    message(one, at >= last - 1 || one.role === "error"),
  );
  return [facts, ...(answer.note ? [element("p", "note quiet", answer.note)] : []), ...shown];
}

/** The parts that stay, in one element. @param {string} title */
export function frame(title) {
  const given = { role: "group", "aria-label": title };
  const root = element("div", "mojentic-nb-widget mj-trace", "", given);
  const button = (/** @type {string} */ text, /** @type {string} */ name, key = "") =>
    element("button", "", text, {
      type: "button", title: name, "aria-label": name, ...(key && { "aria-keyshortcuts": key }),
    });
  const parts = {
    root,
    sums: element("p", "sums"),
    text: element("input", "text", "", {
      type: "search", placeholder: "Filter", "aria-label": "Filter by text",
    }),
    model: element("select", "", "", { "aria-label": "Filter by model" }),
    tool: element("select", "", "", { "aria-label": "Filter by tool" }),
    status: element("select", "", "", { "aria-label": "Filter by status" }),
    out: button("−", "Zoom out", "-"),
    in: button("+", "Zoom in", "+"),
    fit: button("Fit", "Fit everything", "0"),
    fold: button("Fold", "Fold or unfold all"),
    ruler: element("div", "ruler", "", { tabindex: "0", role: "group" }),
    marks: element("div", "marks"),
    marked: element("div", "marked"),
    list: element("div", "list", "", { role: "treegrid", "aria-label": "Spans" }),
    rows: element("div", "rows", "", { role: "rowgroup" }),
    empty: element("p", "empty quiet"),
    tip: element("div", "tip", "", { "aria-hidden": "true" }),
    hint: element(
      "p", "hint quiet",
      "Drag the scale to zoom, the bars to move; double-click fits. " +
        "Keys: arrows, Enter, + − 0, Shift ← →",
    ),
    detail: element("section", "detail", "", { "aria-label": "What was said" }),
    said: element("p", "said quiet", "", { role: "status" }),
  };
  const filters = element("div", "filters");
  filters.append(parts.text, parts.model, parts.tool, parts.status);
  const tools = element("div", "tools");
  tools.append(parts.out, parts.in, parts.fit, parts.fold);
  const head = element("div", "head");
  head.append(parts.sums, tools, filters);
  const scale = element("div", "scale");
  scale.append(parts.marks, parts.marked);
  parts.ruler.append(element("span", ""), scale);
  parts.list.append(parts.rows);
  root.append(head, parts.ruler, parts.list, parts.empty, parts.hint, parts.detail, parts.said);
  root.append(parts.tip);
  parts.tip.hidden = parts.detail.hidden = parts.marked.hidden = true;
  return parts;
}

/** An empty row and its parts. */
export function blank() {
  const row = element("div", "row", "", { role: "row", tabindex: "-1" });
  const name = element("div", "name", "", { role: "rowheader" });
  const [twist, dot, word] = [element("span", "twist"), element("span", "dot"), element("bdi", "")];
  const lane = element("div", "lane", "", { role: "gridcell" });
  const bars = ["wait", "early", "bar"].map((kind) => element("span", kind));
  const takes = element("div", "takes", "", { role: "gridcell" });
  const words = element("div", "words quiet", "", { role: "gridcell" });
  twist.setAttribute("aria-hidden", "true");
  name.append(twist, dot, word);
  lane.append(...bars);
  row.append(name, lane, takes, words);
  return { row, name, twist, dot, word, lane, bars, takes, words };
}

/** @param {ReturnType<typeof blank>} made @param {Row} row @param {View} view */
export function draw(made, row, view) {
  // A mark in a bar of a few pixels would hide it.
  const inside = row.takes < LEAST_SHARE * (view.to - view.from) ? 0 : row.takes;
  const wait = Math.min(row.wait ?? 0, inside);
  const early = Math.min(Math.max(row.first ?? 0, wait), inside);
  const at = [0, wait, early, row.takes].map((one) => row.start + one);
  made.bars.forEach((bar, n) => {
    place(bar, view, at[n], at[n + 1]);
    bar.hidden ||= n < 2 && at[n + 1] <= at[n];
  });
  made.row.className = `row ${row.status} ${row.full ? "full" : "around"}`;
  made.row.style.setProperty("--hue", row.hue);
  made.name.style.paddingInlineStart = `${4 + 14 * Math.min(row.depth, DEEPEST)}px`;
  made.word.textContent = `${MARKS[row.status] ?? ""}${row.name}`;
  made.lane.setAttribute("aria-label", `starts at ${seconds(row.start, 1)}`);
  made.takes.textContent = seconds(row.takes);
  made.words.textContent = row.words;
}
