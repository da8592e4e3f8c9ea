// @ts-check
/**
 * A trace as bars in time, to zoom into, to filter, and to ask for what was said.
 *
 * Law: what the kernel sends is placed as text, never as markup. What was said is not in the
 * widget's state: a span that is opened asks the kernel for it. Only rows in sight are in the
 * page. Whatever a pointer can do, keys can do, too.
 */
import {
  choices, comma, deedOf, extent, inSight, listed, moved, rowsOf, seconds, summary, ticks, walked,
  zoomed,
} from "./spans.js";
import { anew, asker, blank, draw, element, frame, lines, place, told } from "./parts.js";

/** @typedef {import("./spans.js").Row} Row */
/** @typedef {import("./spans.js").View} View */

const ROW_PX = 24;
const NARROW_ROW_PX = 44;
const NARROW_PX = 560;
const ROWS_IN_SIGHT = 15;
const DRAG_PX = 4;
const LABEL_PX = 52;
const STEP = 1.5;
const SILENT = "The kernel has not answered: it is busy, or was restarted.";

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} takes everything back */
function render({ model, el }) {
  const my = frame("Trace");
  const name = anew();
  const filter = { text: "", model: "", tool: "", status: "" };
  /** @type {Row[]} */
  let rows = [];
  /** @type {ReturnType<typeof listed>} */
  let list = [];
  let all = { from: 0, to: 1 };
  /** @type {View | null} all of it, as long as it is null */
  let view = null;
  let [active, opened] = ["", ""];
  let rowPx = ROW_PX;
  let isDragged = false;
  const folded = /** @type {Set<string>} */ (new Set());
  const drawn = /** @type {Map<string, ReturnType<typeof blank>>} */ (new Map());
  const hello = asker((one) => model.send(one), () => (my.said.textContent = SILENT));
  const question = asker((one) => model.send(one), () => (my.said.textContent = SILENT));
  const now = () => view ?? all;
  const placeOf = (/** @type {string} */ id) => list.findIndex((one) => one.row.id === id);

  function paint() {
    const isHeld = my.rows.contains(document.activeElement);
    const [first, last] = inSight(my.list.scrollTop, my.list.clientHeight, rowPx, list.length);
    const at = placeOf(active);
    const places = [...Array(Math.max(last - first, 0)).keys()].map((n) => n + first);
    if (at >= 0 && (at < first || at >= last)) places.push(at);
    places.sort((one, other) => one - other);
    const kept = new Set(places.map((n) => list[n].row.id));
    for (const [id, made] of drawn) {
      if (!kept.has(id)) {
        made.row.remove();
        drawn.delete(id);
      }
    }
    places.forEach((n, nth) => {
      const { row, fits } = list[n];
      const made = drawn.get(row.id) ?? blank();
      drawn.set(row.id, made);
      draw(made, row, now());
      made.row.classList.toggle("aside", !fits);
      made.row.dataset.id = row.id;
      made.row.style.top = `${n * rowPx}px`;
      made.row.tabIndex = row.id === active ? 0 : -1;
      made.row.setAttribute("aria-rowindex", String(n + 1));
      made.row.setAttribute("aria-level", String(row.depth + 1));
      made.row.setAttribute("aria-selected", String(row.id === opened));
      const isOpen = row.isParent && (isFiltered() || !folded.has(row.id));
      made.twist.textContent = row.isParent ? (isOpen ? "▾" : "▸") : "";
      if (row.isParent) made.row.setAttribute("aria-expanded", String(isOpen));
      else made.row.removeAttribute("aria-expanded");
      if (my.rows.children[nth] !== made.row) {
        my.rows.insertBefore(made.row, my.rows.children[nth] ?? null);
      }
    });
    if (isHeld) drawn.get(active)?.row.focus({ preventScroll: true });
  }

  const isFiltered = () => Object.values(filter).some((word) => word.trim() !== "");

  function scale() {
    const wide = my.marks.clientWidth;
    const shown = now();
    const found = ticks(shown, Math.max(2, Math.min(8, Math.floor(wide / 64))));
    const pixels = wide / (shown.to - shown.from);
    const [first, second] = [found[0]?.at ?? shown.from, found[1]?.at ?? Infinity];
    my.root.style.setProperty("--step", `${Math.min((second - first) * pixels, 2 * wide)}px`);
    my.root.style.setProperty("--shift", `${(first - shown.from) * pixels}px`);
    my.marks.replaceChildren(
      ...found.map(({ at, label }) => {
        const mark = element("span", "", (shown.to - at) * pixels < LABEL_PX ? "" : label);
        mark.style.left = `${(100 * (at - shown.from)) / (shown.to - shown.from)}%`;
        return mark;
      }),
    );
    const told = `Time from ${seconds(shown.from, 1)} to ${seconds(shown.to, 1)}`;
    my.ruler.setAttribute("aria-label", `${told}; + and − zoom, arrows move`);
    my.out.disabled = my.fit.disabled = view === null;
  }

  /** Everything anew, after the data, a filter or a fold changed. */
  function lay() {
    const { scrollTop, clientHeight, scrollHeight } = my.list;
    const isAtEnd = scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 2;
    list = listed(rows, filter, folded);
    if (placeOf(active) < 0) active = list[0]?.row.id ?? "";
    my.rows.style.height = `${list.length * rowPx}px`;
    my.list.style.height = `${Math.min(list.length, ROWS_IN_SIGHT) * rowPx}px`;
    my.list.setAttribute("aria-rowcount", String(list.length));
    my.list.hidden = my.ruler.hidden = rows.length === 0;
    const fit = list.filter((one) => one.fits).map((one) => one.row);
    const { empty = "", left_out: left = 0 } = model.get("table");
    const of = isFiltered() ? `${comma(fit.length)} of ${comma(rows.length)} spans · ` : "";
    my.sums.textContent = rows.length === 0 ? "" : of + summary(isFiltered() ? fit : rows);
    if (rows.length === 0) my.empty.textContent = empty;
    else if (list.length === 0) my.empty.textContent = "No span fits the filter.";
    else my.empty.textContent = left > 0 ? `${comma(left)} earlier spans are left out.` : "";
    if (isAtEnd) my.list.scrollTop = my.list.scrollHeight;
    my.ruler.style.paddingInlineEnd = `${my.list.offsetWidth - my.list.clientWidth}px`;
    my.fold.textContent = folded.size > 0 ? "Unfold" : "Fold";
    my.fold.disabled = isFiltered() || !rows.some((row) => row.isParent);
    scale();
    paint();
  }

  /** @param {HTMLSelectElement} select @param {string} none @param {string[]} words */
  function offer(select, none, words) {
    const before = select.value;
    const kept = before && !words.includes(before) ? [...words, before] : words;
    const valued = [["", none], ...kept.map((word) => [word, word])];
    const options = valued.map(([value, word]) => element("option", "", word, { value }));
    select.replaceChildren(...options);
    select.value = before;
    select.hidden = kept.length < 2;
  }

  function take() {
    rows = rowsOf(model.get("table"));
    all = extent(rows);
    if (view !== null) view = zoomed(view, all, 1);
    const found = choices(rows);
    offer(my.model, "All models", found.models);
    offer(my.tool, "All tools", found.tools);
    offer(my.status, "Any status", found.statuses);
    lay();
  }

  /** @param {View | null} wanted */
  function look(wanted) {
    const isAll = wanted === null || wanted.to - wanted.from >= (all.to - all.from) * 0.9999;
    view = isAll ? null : wanted;
    scale();
    paint();
  }

  /** @param {string} id */
  function open(id) {
    [active, opened] = [id, id];
    const row = list[placeOf(id)]?.row;
    my.detail.hidden = false;
    const waiting = element("p", "quiet", "Asking the kernel …");
    my.detail.replaceChildren(heading(lines(row)[0]), waiting);
    my.said.textContent = "";
    question.ask({ type: "span", span: id });
    my.tip.hidden = true;
    paint();
  }

  /** @param {string} text @returns {HTMLElement} */
  function heading(text) {
    const made = element("div", "heading");
    const close = element("button", "", "Close", { type: "button", "aria-keyshortcuts": "Escape" });
    close.addEventListener("click", shut);
    made.append(element("b", "", text), close);
    return made;
  }

  function shut() {
    const isInside = my.detail.contains(document.activeElement);
    opened = "";
    question.hush();
    my.detail.hidden = my.tip.hidden = true;
    my.said.textContent = "";
    paint();
    if (isInside) drawn.get(active)?.row.focus({ preventScroll: true });
  }

  /** @param {any} answer */
  function hear(answer) {
    if (question.hears(answer)) {
      my.said.textContent = "";
      my.detail.replaceChildren(heading(answer.title), ...told(answer));
    } else if (hello.hears(answer)) {
      my.said.textContent = "";
    }
  }

  /** @param {string} id */
  function turn(id) {
    if (!folded.delete(id)) folded.add(id);
    lay();
  }

  /** @param {number} at */
  function walk(at) {
    active = list[at]?.row.id ?? "";
    const top = at * rowPx;
    const low = top + rowPx - my.list.clientHeight;
    my.list.scrollTop = Math.max(Math.min(my.list.scrollTop, top), low);
    paint();
    drawn.get(active)?.row.focus({ preventScroll: true });
  }

  /** @param {string} deed @param {string} [id] the row it is about */
  function act(deed, id = active) {
    const at = Math.max(placeOf(id), 0);
    const row = list[at]?.row;
    const isOpen = row?.isParent && !folded.has(row.id) && !isFiltered();
    const width = now().to - now().from;
    my.tip.hidden = true;
    if (deed === "in" || deed === "out") look(zoomed(now(), all, deed === "in" ? 1 / STEP : STEP));
    else if (deed === "fit") look(null);
    else if (deed === "earlier" || deed === "later") {
      look(moved(now(), all, deed === "later" ? width / 5 : -width / 5));
    } else if (deed === "close") shut();
    else if (row === undefined) return;
    else if (deed === "open") open(row.id);
    else if (deed === "unfold" && row.isParent && !isOpen && !isFiltered()) turn(row.id);
    else if (deed === "fold" && isOpen) turn(row.id);
    else if (deed === "fold") {
      const above = list.slice(0, at).findLastIndex((one) => one.row.depth < row.depth);
      if (above >= 0) walk(above);
    } else walk(walked(at, deed === "unfold" ? "down" : deed, list.length));
  }

  function foldAll() {
    const parents = rows.filter((row) => row.isParent).map((row) => row.id);
    const isAny = folded.size > 0;
    folded.clear();
    if (!isAny) parents.forEach((id) => folded.add(id));
    lay();
  }

  /** @param {Event} event @returns {string} the id of the row it happened in */
  function idAt(event) {
    const found = event.target instanceof Element ? event.target.closest(".row") : null;
    return found instanceof HTMLElement ? found.dataset.id ?? "" : "";
  }

  /** @param {Event} event */
  function tell(event) {
    const id = idAt(event);
    const row = list[placeOf(id)]?.row;
    const made = drawn.get(id);
    my.tip.hidden = row === undefined || made === undefined;
    if (row === undefined || made === undefined) return;
    my.tip.replaceChildren(...lines(row).filter(Boolean).map((line) => element("div", "", line)));
    const [inner, outer] = [made.row.getBoundingClientRect(), my.root.getBoundingClientRect()];
    my.tip.style.top = `${inner.bottom - outer.top + 2}px`;
  }

  /** @param {number} x on the screen @returns {number} seconds */
  function timeAt(x) {
    const { left, width } = my.marks.getBoundingClientRect();
    return now().from + ((x - left) / Math.max(width, 1)) * (now().to - now().from);
  }

  /** @param {WheelEvent} wheel */
  function roll(wheel) {
    const isRuler = my.ruler.contains(/** @type {Node} */ (wheel.target));
    const aside = wheel.shiftKey ? wheel.deltaY || wheel.deltaX : wheel.deltaX;
    if (isRuler || wheel.ctrlKey || wheel.metaKey) {
      wheel.preventDefault();
      look(zoomed(now(), all, STEP ** Math.sign(wheel.deltaY), timeAt(wheel.clientX)));
    } else if (view !== null && aside !== 0 && Math.abs(aside) >= Math.abs(wheel.deltaY)) {
      wheel.preventDefault();
      look(moved(view, all, (aside / Math.max(my.marks.clientWidth, 1)) * (view.to - view.from)));
    }
  }

  /** @param {PointerEvent} down on the scale it marks what to zoom into, on bars it moves them */
  function drag(down) {
    const isRuler = my.ruler.contains(/** @type {Node} */ (down.target));
    const held = isRuler ? my.ruler : my.list;
    const begun = { x: down.clientX, at: timeAt(down.clientX), view: now() };
    isDragged = false;
    if (down.button !== 0 || (!isRuler && (view === null || down.pointerType === "touch"))) return;

    /** @param {PointerEvent} move */
    function follow(move) {
      if (!isDragged && Math.abs(move.clientX - begun.x) < DRAG_PX) return;
      isDragged = true;
      held.setPointerCapture(move.pointerId);
      if (isRuler) mark(begun.at, timeAt(move.clientX));
      else {
        const share = (begun.x - move.clientX) / Math.max(my.marks.clientWidth, 1);
        look(moved(begun.view, all, share * (begun.view.to - begun.view.from)));
      }
    }
    /** @param {PointerEvent} up */
    function end(up) {
      held.removeEventListener("pointermove", follow);
      my.marked.hidden = true;
      const [from, to] = [begun.at, timeAt(up.clientX)].sort((one, other) => one - other);
      if (isRuler && isDragged && up.type === "pointerup") {
        look(zoomed({ from, to: Math.max(to, from + 1e-5) }, all, 1));
      }
    }
    held.addEventListener("pointermove", follow);
    for (const over of ["pointerup", "pointercancel"]) {
      held.addEventListener(over, /** @type {any} */ (end), { once: true });
    }
  }

  /** @param {number} from @param {number} to */
  function mark(from, to) {
    my.marked.hidden = false;
    place(my.marked, now(), Math.min(from, to), Math.max(from, to));
  }

  /** @param {KeyboardEvent} press */
  function key(press) {
    const target = /** @type {HTMLElement} */ (press.target);
    // Else the notebook takes the keys; what is held with Ctrl is meant for it.
    if (!press.ctrlKey && !press.metaKey) press.stopPropagation();
    const isRuler = target === my.ruler;
    const deed = isRuler || my.rows.contains(target) ? deedOf(press, isRuler) : "";
    const isClose = press.key === "Escape" && !my.detail.hidden;
    if (deed !== "" || isClose) {
      press.preventDefault();
      act(isClose ? "close" : deed);
    }
  }

  function fitPage() {
    const isNarrow = my.root.clientWidth < NARROW_PX;
    my.root.classList.toggle("narrow", isNarrow);
    rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX;
    lay();
  }

  my.list.addEventListener("click", (click) => {
    const id = idAt(click);
    const isTwist = click.target instanceof Element && click.target.classList.contains("twist");
    if (isDragged || id === "") return;
    if (isTwist && list[placeOf(id)]?.row.isParent && !isFiltered()) turn(id);
    else if (click.detail < 2) {
      drawn.get(id)?.row.focus({ preventScroll: true });
      open(id);
    }
  });
  my.list.addEventListener("scroll", () => requestAnimationFrame(paint));
  my.list.addEventListener("focusin", tell);
  my.list.addEventListener("pointerover", tell);
  my.list.addEventListener("pointerleave", () => (my.tip.hidden = true));
  my.list.addEventListener("focusout", () => (my.tip.hidden = true));
  for (const one of [my.list, my.ruler]) {
    one.addEventListener("wheel", roll, { passive: false });
    one.addEventListener("pointerdown", drag);
    one.addEventListener("dblclick", () => look(null));
  }
  for (const deed of /** @type {const} */ (["in", "out", "fit"])) {
    my[deed].addEventListener("click", () => act(deed));
  }
  my.fold.addEventListener("click", foldAll);
  for (const what of /** @type {const} */ (["text", "model", "tool", "status"])) {
    my[what].addEventListener("input", () => {
      filter[what] = my[what].value;
      my.list.scrollTop = 0;
      lay();
    });
  }
  my.root.addEventListener("keydown", key);
  model.on("change:table", take);
  model.on("msg:custom", hear);
  el.append(my.root);
  take();
  const watching = new ResizeObserver(fitPage);
  watching.observe(my.root);
  hello.ask({ type: "ready", view: name });
  return () => {
    model.off("change:table", take);
    model.off("msg:custom", hear);
    watching.disconnect();
    hello.ask({ type: "gone", view: name });
    hello.hush();
    question.hush();
    my.root.remove();
  };
}

export default { render };
