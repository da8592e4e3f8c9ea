// @ts-check
/**
 * A chat in the cell.
 *
 * Law: the kernel has the conversation; this draws what it is told, and asks for all of it when
 * it is drawn. A text on its way is appended to, never read again. Keys reach everything, and
 * a reader who has scrolled up is left there.
 */
import { asking } from "./card.js";
import { deedOf, isAtTail, staying } from "./deeds.js";
import { draft } from "./draft.js";
import { asked, button, element, fold, frame, grow, measured, planted } from "./paper.js";
import { stopper } from "./stop.js";

// Lab drops what is said before the page's first widget has a shell of its own in the kernel
// (see widgets/consent): the first word is repeated.
const AGAIN_MS = 200;
const TIMES = 15;
// A slow machine needs longer than it takes to say that nobody answers.
const LATE_TIMES = 20;
const LATE_MS = 1000;
const SILENT_MS = 4000;
const SILENT = "The kernel has not answered: it is busy, or was restarted.";

const anew = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} takes everything back */
function render({ model, el }) {
  const my = frame();
  const view = anew();
  /** @type {any} */
  let live = null;
  let key = "";
  /** @type {any} what was sent, until the kernel has heard it */
  let waiting = null;
  let first = 0;
  let branch = "";
  let written = "";
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  const open = new Map();
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  const timers = new Set();
  const after = (/** @type {number} */ ms, /** @type {() => void} */ act) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
    return timer;
  };

  /** @param {any} message @param {ArrayBuffer[]} [buffers] @param {number} [times] */
  function say(message, buffers = [], times = 1) {
    const ask = message.ask ?? anew();
    model.send({ ...message, ask }, undefined, buffers);
    const isEarly = times > LATE_TIMES;
    open.set(ask, after(isEarly ? AGAIN_MS : times > 1 ? LATE_MS : SILENT_MS, () => {
      if (!isEarly) tell(SILENT, true);
      if (waiting?.ask === ask) waiting.isSilent = true;
      if (times > 1) say({ ...message, ask }, buffers, times - 1);
    }));
  }

  /** @param {string} text @param {boolean} [isFault] */
  function tell(text, isFault = false) {
    my.said.textContent = text;
    my.said.classList.toggle("fault", isFault);
  }

  /** Change the conversation, and stay at its end where the reader is. @param {() => void} change */
  function keeping(change) {
    const isFollowing = isAtTail(my.log);
    const isInside = my.turns.contains(document.activeElement);
    change();
    // What had the keys may be gone: they are not the notebook's for that.
    if (isInside && !my.root.contains(document.activeElement)) my.log.focus({ preventScroll: true });
    my.empty.hidden = my.turns.childElementCount > 0;
    if (isFollowing) my.log.scrollTop = my.log.scrollHeight;
    my.tail.hidden = isAtTail(my.log);
  }

  // code ---------------------------------------------------------------------

  const notebook = () => model.widget_manager?.context?.model?.sharedModel;

  /** @param {string} text */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure page there is only the old way.
      const field = element("textarea", "", text);
      my.root.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    tell("Copied.");
  }

  /** @param {string} source */
  function insert(source) {
    const cell = /** @type {HTMLElement | null} */ (el.closest(".jp-Cell"));
    const known = cell?.dataset.windowedListIndex ?? [...(cell?.parentElement?.children ?? [])].indexOf(/** @type {Element} */ (cell));
    notebook().insertCell(Number(known) + 1, { cell_type: "code", source: source.replace(/\n$/, "") });
    tell("Inserted below this cell.");
  }

  /** @param {string} code */
  function acts(code) {
    const made = [button("Copy", "Copy the code", () => copy(code))];
    if (typeof notebook()?.insertCell === "function") {
      made.push(button("Insert", "Insert as a new cell below", () => insert(code)));
    }
    return made;
  }

  // turns --------------------------------------------------------------------

  /** @param {any} part */
  function drawn(part) {
    if (part.kind !== "text") return fold(part);

    const made = element("div", "text");
    const tail = element("div", "tail");
    const whole = part.whole ?? part.html;
    made.append(planted(whole, acts), tail);
    tail.append(planted(part.html.slice(whole.length), acts));
    return made;
  }

  /** @param {any} turn */
  function turnOf(turn) {
    const made = element("article", "turn", "", { "data-at": String(turn.at) });
    const came = element("div", "came", "", { role: "group", "aria-label": "Answer" });
    const about = element("div", "about");
    const more = element("span", "acts");
    came.append(...turn.parts.map(drawn));
    if (turn.line) about.append(element("span", "quiet", turn.line));
    if (turn.mark) about.append(element("span", "mark", turn.mark));
    about.append(more);
    if (turn.ways) {
      const { nth, of, before, after: next } = turn.ways;
      const ways = [["‹", "The way before", before], ["›", "The next way", next]].map(([sign, name, to]) => {
        const one = button(sign, name, () => say({ type: "switch", branch: to }));
        one.disabled = !to;
        return one;
      });
      more.append(ways[0], element("span", "quiet", `${nth} of ${of}`), ways[1]);
    }
    more.append(
      button("Edit", "Say something else in its place", () => mine.edit(turn.at, turn.question)),
      button("Ask again", "Ask again, of the model that is chosen below", () => again(turn.at)),
    );
    made.append(asked(turn), came, about);
    return { made, came, about, more };
  }

  const places = () => [...my.turns.children].filter((one) => one !== live?.made);
  const placeOf = (/** @type {Element} */ one) => Number(/** @type {HTMLElement} */ (one).dataset.at);

  /** @param {any} told */
  function all(told) {
    my.turns.replaceChildren(...told.turns.map((/** @type {any} */ turn) => turnOf(turn).made));
    shown(told);
    my.list.replaceChildren(...told.models.map((/** @type {string} */ one) => element("option", "", "", { value: one })));
    my.name.placeholder = told.model;
    settled();
    live = null;
    running(told.live?.key ?? "");
    if (told.live) began(told.live);
    card(told.card);
  }

  /** @param {any} told */
  function shown({ first: from, undone, title }) {
    first = from;
    branch = undone;
    my.earlier.hidden = first === 0;
    my.undo.textContent = branch ? "Bring back" : "Take back the last";
    my.root.setAttribute("aria-label", title ? `Chat: ${title}` : "Chat");
  }

  /** @param {any} told */
  function from(told) {
    const kept = new Set(staying(places().map(placeOf), told.since, told.first));
    places().forEach((one) => kept.has(placeOf(one)) || one.remove());
    if (told.landed) {
      live?.made.remove();
      live = null;
    }
    const made = told.turns.map((/** @type {any} */ turn) => turnOf(turn).made);
    if (live) live.made.before(...made);
    else my.turns.append(...made);
    shown({ ...told, first: kept.size ? first : told.first });
  }

  /** @param {any} told */
  function began(told) {
    live?.made.remove();
    live = { ...turnOf(told), told };
    live.made.classList.add("live");
    live.more.remove();
    my.turns.append(live.made);
    places().forEach((one) => one.classList.toggle("gone", placeOf(one) >= told.at));
    running(told.key);
    tell("");
    my.heard.textContent = "The model is answering.";
    if (!waiting || waiting.ask !== told.ask) return;

    written = waiting.wish.text;
    mine.take(waiting);
    waiting = null;
  }

  /** @param {any} told */
  function over(told) {
    running("");
    tell("");
    places().forEach((one) => one.classList.remove("gone"));
    my.heard.textContent = told.error || (told.mark ? "Stopped." : "The answer is complete.");
    if (told.kept || live === null) return;

    live.made.classList.remove("live");
    live.about.append(element("span", told.error ? "fault" : "mark", told.error || told.mark));
    // Nothing typed is lost.
    my.text.value ||= written;
    mine.fit();
  }

  /** @param {any} told */
  function part({ nth, part: one }) {
    const before = live?.came.children[nth];
    const made = drawn(one);
    if (before?.open) /** @type {any} */ (made).open = true;
    if (before) before.replaceWith(made);
    else live?.came.append(made);
  }

  /** @param {any} told */
  function write(told) {
    const tail = live?.came.lastElementChild?.lastElementChild;
    if (!tail) return;
    if (told.type === "text") return grow(tail, told.text);

    tail.before(planted(told.whole, acts));
    tail.replaceChildren(planted(told.tail, acts));
  }

  /** @param {string} now the key of the turn on its way */
  function running(now) {
    key = now;
    my.send.textContent = key ? "Stop" : "Send";
    my.send.title = key ? "Stop (Esc)" : "Send (Enter)";
    my.root.classList.toggle("running", key !== "");
  }

  // what is said --------------------------------------------------------------

  const mine = draft(my, { say, tell });
  const halt = stopper(model, { after, tell, now: () => key });
  const warmth = () => (my.warmth.value === "" ? null : Number(my.warmth.value));
  const choice = () => ({ model: my.name.value.trim(), temperature: warmth() });

  /** @param {any} told */
  const card = (told) =>
    asking(my, told, { after, give: (answer) => say({ type: "answer", key: told.key, answer }) });

  async function send() {
    if (key || mine.isEmpty() || (waiting && !waiting.isSilent)) return;

    // Said again it is the same thing, and done once.
    const { wish, pictures } = mine.whole();
    const isSame = JSON.stringify(wish) === JSON.stringify(waiting?.wish);
    const ask = isSame ? waiting.ask : anew();
    waiting = { ask, wish, pictures };
    try {
      const buffers = await Promise.all(pictures.map((one) => one.arrayBuffer()));
      say({ type: "send", ask, ...wish, ...choice() }, buffers);
    } catch {
      waiting = null;
      tell("A picture cannot be read.", true);
    }
  }

  /** @param {number} at */
  function again(at) {
    if (!key) say({ type: "again", at, ...choice() });
  }

  // what is heard ------------------------------------------------------------

  /** @type {Record<string, (told: any) => void>} */
  const hearing = {
    all: (told) => told.view === view && all(told),
    earlier: (told) => {
      if (told.view !== view) return;
      const before = my.log.scrollHeight;
      my.turns.prepend(...told.turns.map((/** @type {any} */ turn) => turnOf(turn).made));
      my.log.scrollTop += my.log.scrollHeight - before;
      first = told.first;
      my.earlier.hidden = first === 0;
    },
    from,
    live: (told) => began(told.live),
    over,
    part,
    text: write,
    html: write,
    note: (told) => tell(told.text),
    card: (told) => card(told.card),
    names: (told) => mine.isFor(told.word) && mine.offer(told.names),
    meter: (told) => measured(my, told),
    stopping: halt.stopping,
    refused: (told) => tell(told.told, true),
    heard: (told) => {
      if (waiting?.ask === told.ask) waiting = null;
      const timer = open.get(told.ask);
      if (timer !== undefined) clearTimeout(timer);
      open.delete(told.ask);
      if (my.said.textContent === SILENT) tell("");
    },
  };

  /** @param {any} told */
  const hear = (told) => keeping(() => hearing[told.type]?.(told));

  function settled() {
    my.model.textContent = my.name.value.trim() || my.name.placeholder;
  }

  function gone() {
    waiting = null;
    running("");
    tell(SILENT, true);
  }

  /** @type {Record<string, () => void>} */
  const deeds = {
    send,
    stop: halt.stop,
    leave: mine.leave,
    next: () => mine.step(1),
    before: () => mine.step(-1),
    pick: mine.pick,
    drop: () => mine.offer([]),
    edit: () => {
      const last = places().at(-1);
      if (last) /** @type {HTMLElement} */ (last.querySelector(".acts button:nth-last-child(2)"))?.click();
    },
  };

  my.root.addEventListener("keydown", (press) => {
    // Else the notebook takes the keys; what is held with Ctrl is meant for it.
    if (!press.ctrlKey && !press.metaKey) press.stopPropagation();
    const isComposer = press.target === my.text;
    const state = {
      isEmpty: my.text.value === "",
      isRunning: key !== "",
      isPicking: !my.names.hidden,
      isEditing: mine.isEditing(),
    };
    const deed = isComposer || press.key === "Escape" ? deedOf(press, state) : "";
    if (deed === "") return;

    press.preventDefault();
    deeds[deed]();
  });
  my.send.addEventListener("click", () => (key ? halt.stop() : send()));
  my.name.addEventListener("input", settled);
  my.undo.addEventListener("click", () => say(branch ? { type: "switch", branch } : { type: "undo" }));
  my.clear.addEventListener("click", () => {
    const isSure = my.clear.textContent !== "Clear";
    my.clear.textContent = isSure ? "Clear" : "Really clear?";
    if (isSure) say({ type: "clear" });
    else after(SILENT_MS, () => (my.clear.textContent = "Clear"));
  });
  my.earlier.addEventListener("click", () => say({ type: "earlier", first, view }));
  my.tail.addEventListener("click", () => (my.log.scrollTop = my.log.scrollHeight));
  my.log.addEventListener("scroll", () => (my.tail.hidden = isAtTail(my.log)));
  model.on("msg:custom", hear);
  model.on("comm_live_update", gone);
  el.append(my.root);
  say({ type: "ready", view }, [], TIMES + LATE_TIMES);
  return () => {
    model.off("msg:custom", hear);
    model.off("comm_live_update", gone);
    timers.forEach(clearTimeout);
    model.send({ type: "gone", view });
    my.root.remove();
  };
}

export default { render };
