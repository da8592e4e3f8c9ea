// @ts-check
/**
 * A comparison as a grid: items down, candidates across, and each answer to be opened.
 *
 * Law: previews come once, with the widget; what is filtered, sorted and opened is asked of the
 * kernel, which has the answers. The browser draws only the rows in sight (`style.css`). Keys
 * reach every cell.
 */
import { element, frame, plant, region, speaker, status } from "../page.js";

/** @typedef {[value: string, text: string][]} Options */

/** @type {Record<string, [number, number]>} */
const STEPS = {
  ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
  Home: [-1e9, 0], End: [1e9, 0],
};

/**
 * Where a key leads to.
 *
 * @param {string} key
 * @param {[number, number]} at row and column
 * @param {[number, number]} ends how many of each there are
 * @returns {[number, number] | null}
 */
export function led(key, at, ends) {
  const to = (/** @type {0 | 1} */ n) => Math.max(0, Math.min(at[n] + STEPS[key][n], ends[n] - 1));
  return STEPS[key] ? [to(0), to(1)] : null;
}

/** @param {string} name @param {string} label @param {Options} options @param {string} [value] */
function choice(name, label, options, value = "") {
  const made = element("select", "", "", { name, "aria-label": label, title: label });
  made.append(...options.map(([value, text]) => element("option", "", text, { value })));
  made.value = value;
  return made;
}

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} takes everything back */
function render({ model, el }) {
  const { texts, names, hues, items, marks, words, only, sorts, note } = model.get("table");
  const me = `${Math.random()}`;
  const root = frame("mj-compare", "Comparison");
  const head = element("div", "head");
  const text = element("input", "", "", {
    name: "text", type: "search", placeholder: "Filter", "aria-label": "Filter by text",
  });
  const count = status();
  const list = element("div", "list", "", { role: "grid", "aria-label": "Answers" });
  const top = element("div", "row top", "", { role: "row" });
  const body = element("div", "rows", "", { role: "rowgroup" });
  const detail = region("detail", "The answer");
  const said = status();
  const say = speaker(model, said);
  /** @type {[number, number]} */
  let at = [0, 0];
  /** @type {any} */
  let open = {};

  const values = (/** @type {Element} */ one) =>
    Object.fromEntries([.../** @type {any} */ (one.children)].map(({ name, value }) => [name, value]));

  /** @param {string} name @param {number} n */
  function who(name, n, role = "") {
    const made = element("span", "who", name, role ? { role } : {});
    made.style.setProperty("--hue", hues[n]);
    return made;
  }

  const rows = items.map((/** @type {number} */ name, /** @type {number} */ item) => {
    const made = element("div", "row", "", { role: "row", "data-item": `${item}` });
    made.append(element("div", "name", texts[name], { role: "rowheader" }));
    names.forEach((/** @type {string} */ one, /** @type {number} */ n) => {
      const [mark, said] = [texts[marks[n][item]], texts[words[n][item]]];
      const cell = element("div", "cell", "", { role: "gridcell", tabindex: "-1" });
      cell.append(who(one, n), element("b", /^[✗e]/.test(mark) ? "bad" : "", mark), said);
      made.append(cell);
    });
    return made;
  });

  /** @returns {any} */
  const cell = () => body.children[at[0]]?.children[at[1] + 1];

  /** @param {[number, number]} to @param {boolean} [isHeld] */
  function walk(to, isHeld) {
    cell()?.setAttribute("tabindex", "-1");
    at = to;
    cell()?.setAttribute("tabindex", "0");
    if (isHeld) cell()?.focus();
  }

  /** @param {number[]} order */
  function show(order) {
    cell()?.setAttribute("tabindex", "-1");
    body.replaceChildren(...order.map((n) => rows[n]));
    walk([0, at[1]]);
    const all = items.length;
    const of = order.length < all ? `${order.length} of ` : "";
    count.textContent = `${of}${all} item${all === 1 ? "" : "s"}${note}`;
  }

  /** @param {object} [more] */
  function ask(more) {
    if (more) open = { ...open, ...more };
    say(more ? { type: "open", view: me, ...open } : { type: "look", view: me, ...values(head) });
  }

  /** @param {any} told */
  function hear(told) {
    if (told.view !== me) return;
    say(null, told.said);
    if (told.rows) show(told.rows);
    if (!told.html) return;
    const form = element("div", "head");
    const close = element("button", "", "Close", { type: "button" });
    close.onclick = shut;
    form.append(
      element("b", "", told.title, { role: "status" }),
      ...told.picks.map((/** @type {[string, string, Options, string]} */ one) => choice(...one)),
      close,
    );
    form.onchange = () => ask(values(form));
    const full = element("div", "text");
    plant(full, told.html);
    detail.replaceChildren(form, full);
    detail.hidden = false;
  }

  function shut() {
    detail.hidden = true;
    walk(at, true);
  }

  body.onclick = ({ target }) => {
    const found = /** @type {HTMLElement} */ (target).closest(".cell");
    const row = found?.parentElement;
    if (!row) return;
    walk([[...body.children].indexOf(row), [...row.children].indexOf(found) - 1], true);
    ask({ item: Number(row.dataset.item), candidate: at[1], beside: "", repeat: "" });
  };
  root.onkeydown = (press) => {
    // Else the notebook takes the keys.
    if (!press.ctrlKey && !press.metaKey) press.stopPropagation();
    const isIn = body.contains(/** @type {Node} */ (press.target));
    const to = isIn && led(press.key, at, [body.children.length, names.length]);
    if (press.key === "Escape" && !detail.hidden) shut();
    else if (isIn && /^( |Enter)$/.test(press.key)) cell()?.click();
    else if (to) walk(to, true);
    else return;
    press.preventDefault();
  };
  head.oninput = () => ask();
  top.append(element("div", "name", "item", { role: "columnheader" }));
  top.append(...names.map((/** @type {string} */ one, /** @type {number} */ n) => who(one, n, "columnheader")));
  head.append(text, choice("only", "Show", only), choice("sort", "Sort", sorts), count);
  list.append(top, body);
  root.append(head, list, detail, said);
  root.style.setProperty("--wide", names.length);
  detail.hidden = true;
  show(items.map((/** @type {any} */ _, /** @type {number} */ n) => n));
  model.on("msg:custom", hear);
  el.append(root);
  return () => {
    model.off("msg:custom", hear);
    say(null);
    root.remove();
  };
}

export default { render };
