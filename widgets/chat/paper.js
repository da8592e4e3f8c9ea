// @ts-check
/**
 * What the page of a chat is made of.
 *
 * Law: words are placed as text. HTML comes from the kernel, sanitised; here it is read in a
 * document that cannot act, and written anew from a short list of elements.
 */
import { goesOnIn } from "./deeds.js";

const TAGS = new Set(
  "a blockquote br code em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr ul".split(" "),
);

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
  if (name) made.className = name;
  if (text) made.textContent = text;
  Object.entries(given).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

/** @param {string} text @param {string} name @param {() => void} [act] */
export function button(text, name, act = () => {}) {
  const made = element("button", "", text, { type: "button", title: name });
  if (text.length < 3) made.setAttribute("aria-label", name);
  made.addEventListener("click", act);
  return made;
}

/** HTML as nodes that can do nothing. @param {string} html @param {(code: string) => HTMLElement[]} acts @returns {DocumentFragment} */
export function planted(html, acts) {
  const made = document.createDocumentFragment();
  copy(new DOMParser().parseFromString(html, "text/html").body, made, acts);
  return made;
}

/** @param {Node} from @param {Node} to @param {(code: string) => HTMLElement[]} acts */
function copy(from, to, acts) {
  for (const node of from.childNodes) {
    if (node instanceof Text) to.appendChild(document.createTextNode(node.data));
    if (!(node instanceof Element) || !TAGS.has(node.localName)) continue;

    const made = document.createElement(node.localName);
    const href = node.getAttribute("href") ?? "";
    if (made instanceof HTMLAnchorElement && /^(https?:\/\/|mailto:)/i.test(href)) {
      made.href = href;
      made.target = "_blank";
      made.rel = "noopener noreferrer nofollow";
    }
    const align = node.getAttribute("align") ?? "";
    if (/^(left|center|right)$/.test(align)) made.setAttribute("align", align);
    if (node.localName === "ol") made.setAttribute("start", String(Number(node.getAttribute("start") ?? 1)));
    copy(node, made, acts);
    to.appendChild(node.localName === "pre" ? framed(made, node, acts) : made);
  }
}

/** Code under its language and what can be done with it. @param {HTMLElement} pre @param {Element} source @param {(code: string) => HTMLElement[]} acts */
function framed(pre, source, acts) {
  const language = /language-(\S+)/.exec(source.firstElementChild?.className ?? "")?.[1] ?? "code";
  const made = element("div", "code");
  const bar = element("div", "bar");
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", language);
  bar.append(element("span", "", language), ...acts(pre.textContent ?? ""));
  made.append(bar, pre);
  return made;
}

/** Let words go on at the end of what is there. @param {HTMLElement} tail @param {string} text */
export function grow(tail, text) {
  let at = /** @type {Element} */ (tail);
  for (let last = at.lastElementChild; last !== null; last = at.lastElementChild) {
    if (!goesOnIn(last.tagName, at.tagName) || last.nextSibling?.textContent?.trim()) break;
    at = last;
  }
  at.append(element("span", "raw", text));
}

/** Something folded away under a line. @param {any} part */
export function fold(part) {
  const made = element("details", "fold");
  const pre = element("pre", "", part.body, { tabindex: "0" });
  made.append(element("summary", "", part.line), pre);
  return made;
}

/** What a person said. @param {any} turn @returns {HTMLElement} */
export function asked(turn) {
  const made = element("div", "you", "", { role: "group", "aria-label": "You" });
  for (const { name, src } of turn.pictures) {
    // Only what a picture may be; the kernel says nothing else.
    const isShown = /^data:image\/(png|jpeg|gif|webp);base64,[\w+/=]+$/.test(src);
    made.append(isShown ? element("img", "", "", { src, alt: name }) : element("span", "chip", name));
  }
  if (turn.question) made.append(element("div", "words", turn.question));
  return made;
}

/** How full the context is. @param {ReturnType<typeof frame>} my @param {any} told */
export function measured(my, { share, told: text, is_full: isFull }) {
  const percent = Math.round(100 * share);
  my.spent.textContent = text;
  my.meter.classList.toggle("full", isFull);
  my.meter.setAttribute("aria-valuenow", String(percent));
  my.meter.setAttribute("aria-valuetext", text);
  my.meter.style.setProperty("--share", `${percent}%`);
}

/** The parts that stay. */
export function frame() {
  const my = {
    root: element("div", "mojentic-nb-widget mj-chat", "", { role: "group", "aria-label": "Chat" }),
    log: element("div", "log", "", { role: "region", tabindex: "0", "aria-label": "Conversation" }),
    earlier: button("Show earlier turns", "Show earlier turns"),
    turns: element("div", "turns"),
    empty: element("p", "empty quiet", "Ask something. Cells can go on with the same conversation."),
    tail: button("↓", "To the end"),
    card: element("div", "card"),
    said: element("p", "said quiet", "", { role: "status" }),
    heard: element("p", "heard", "", { role: "status" }),
    names: element("ul", "names", "", { role: "listbox", "aria-label": "Variables" }),
    chips: element("div", "chips"),
    text: element("textarea", "", "", {
      rows: "1", placeholder: "Message", "aria-label": "Message", "aria-autocomplete": "list",
    }),
    file: element("input", "", "", {
      type: "file", accept: "image/*", multiple: "", "aria-label": "Add pictures", tabindex: "-1",
    }),
    attach: button("+", "Add pictures"),
    send: button("Send", "Send (Enter)"),
    settings: element("details", "settings"),
    model: element("summary", "", "", { title: "Model and settings" }),
    name: element("input", "", "", { type: "text", list: `mj-${Math.random()}`, "aria-label": "Model" }),
    list: element("datalist", ""),
    warmth: element("input", "", "", {
      type: "number", min: "0", max: "2", step: "0.1", placeholder: "default", "aria-label": "Temperature",
    }),
    undo: button("Take back the last", "Take back the last turn"),
    clear: button("Clear", "Clear the conversation"),
    meter: element("div", "meter", "", { role: "meter", "aria-label": "Context", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }),
    spent: element("span", "spent quiet"),
  };
  const composer = element("div", "composer");
  const row = element("div", "row");
  const foot = element("div", "foot");
  const fields = element("div", "fields");
  my.list.id = my.name.getAttribute("list") ?? "";
  my.names.id = `${my.list.id}-names`;
  my.text.setAttribute("aria-controls", my.names.id);
  my.meter.append(element("div", ""));
  row.append(my.attach, my.text, my.send);
  composer.append(my.names, my.chips, row, my.file);
  const labelled = (/** @type {string} */ text, /** @type {HTMLElement} */ field) => {
    const made = element("label", "", text);
    made.append(field);
    return made;
  };
  fields.append(labelled("Model", my.name), my.list, labelled("Temperature", my.warmth), my.undo, my.clear);
  my.settings.append(my.model, fields);
  foot.append(my.settings, my.spent, my.meter);
  my.log.append(my.earlier, my.empty, my.turns);
  my.root.append(my.log, my.tail, my.card, my.said, my.heard, composer, foot);
  my.file.hidden = my.names.hidden = my.earlier.hidden = my.tail.hidden = my.card.hidden = true;
  return my;
}
