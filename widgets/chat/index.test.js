// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { deedOf, goesOnIn, isAtTail, nameBegun, named, staying } from "./deeds.js";
import widget from "./index.js";
import { stopper } from "./stop.js";

const FREE = { isEmpty: false, isRunning: false, isPicking: false, isEditing: false };

/** @param {string} key @param {object} [held] */
function press(key, held = {}) {
  const free = { shiftKey: false, isComposing: false, ctrlKey: false, metaKey: false, altKey: false };
  return { key, ...free, ...held };
}

/** @type {[string, object, object, string][]} */
const KEYS = [
  ["Enter", {}, {}, "send"],
  ["Enter", { shiftKey: true }, {}, ""],
  ["Enter", { isComposing: true }, {}, ""],
  ["Enter", { ctrlKey: true }, {}, ""],
  ["Escape", {}, {}, ""],
  ["Escape", {}, { isRunning: true }, "stop"],
  ["Escape", {}, { isEditing: true }, "leave"],
  ["Escape", {}, { isRunning: true, isEditing: true }, "stop"],
  ["ArrowUp", {}, { isEmpty: true }, "edit"],
  ["ArrowUp", {}, {}, ""],
  ["Enter", {}, { isPicking: true }, "pick"],
  ["Tab", {}, { isPicking: true }, "pick"],
  ["Tab", {}, {}, ""],
  ["ArrowDown", {}, { isPicking: true }, "next"],
  ["ArrowUp", {}, { isPicking: true, isEmpty: true }, "before"],
  ["Escape", {}, { isPicking: true, isRunning: true }, "drop"],
  ["a", {}, {}, ""],
];

for (const [key, held, state, deed] of KEYS) {
  test(`${key} with ${JSON.stringify({ ...held, ...state })} means ${deed || "nothing"}`, () => {
    assert.equal(deedOf(press(key, held), { ...FREE, ...state }), deed);
  });
}

/** @type {[string, number, string | null][]} */
const BEGUN = [
  ["see {", 5, ""],
  ["{d", 2, "d"],
  ["see {df_1", 9, "df_1"],
  ["see {df} and", 12, null],
  ["see {{", 6, null],
  ["\\frac{a", 7, "a"],
  ["{1", 2, null],
  ["see {df", 4, null],
];

for (const [text, caret, word] of BEGUN) {
  test(`after ${text.slice(0, caret)} the name begun is ${word}`, () => {
    assert.equal(nameBegun(text, caret), word);
  });
}

test("a name takes the place of its beginning", () => {
  assert.deepEqual(named("see {d please", 6, "deadline"), { text: "see {deadline} please", caret: 14 });
  assert.deepEqual(named("{de}!", 2, "df"), { text: "{df}!", caret: 4 });
  assert.deepEqual(named("{", 1, "df"), { text: "{df}", caret: 4 });
});

test("a reader is at the end, or has scrolled up", () => {
  assert.equal(isAtTail({ scrollTop: 100, clientHeight: 100, scrollHeight: 210 }), true);
  assert.equal(isAtTail({ scrollTop: 0, clientHeight: 100, scrollHeight: 210 }), false);
});

test("turns before a change stay, where what is told begins with it", () => {
  assert.deepEqual(staying([0, 1, 2], 2, 2), [0, 1]);
  assert.deepEqual(staying([0, 1, 2], 3, 3), [0, 1, 2]);
  assert.deepEqual(staying([], 0, 0), []);
  // The change lies before what is told: nothing that is shown may stay beside a gap.
  assert.deepEqual(staying([5, 6, 7], 6, 40), []);
  assert.deepEqual(staying([5, 6, 7], 2, 5), []);
});

test("words go on inside blocks and code blocks, not inside a word's own element", () => {
  assert.equal(goesOnIn("P", "DIV"), true);
  assert.equal(goesOnIn("LI", "UL"), true);
  assert.equal(goesOnIn("CODE", "PRE"), true);
  assert.equal(goesOnIn("CODE", "P"), false);
  assert.equal(goesOnIn("STRONG", "P"), false);
});

/** A page's side of Stop, with what it says. @param {object} [lab] */
function stopping(lab = {}) {
  /** @type {any[]} */
  const said = [], told = [], due = [];
  let key = "turn";
  const control = { send: (/** @type {any} */ message) => said.push(message) };
  const model = { get: () => "c", widget_manager: { get_model: async () => control, ...lab } };
  const halt = stopper(model, {
    after: (_, act) => due.push(act),
    tell: (text) => told.push(text),
    now: () => key,
  });
  return { halt, said, told, next: () => due.shift()?.(), end: () => (key = "") };
}

test("Stop is said again until the turn is over, and no more then", async () => {
  const { halt, said, told, next, end } = stopping();
  await null;
  halt.stop();
  next();
  assert.deepEqual(said, Array(2).fill({ type: "stop", key: "turn" }));
  assert.deepEqual(told, Array(2).fill("Stopping …"));
  end();
  next();
  assert.equal(said.length, 2);
});

test("Stop says that it waits for a cell, unless the kernel has heard it", async () => {
  const waits = stopping();
  await null;
  waits.halt.stop();
  for (let nth = 0; nth < 20; nth += 1) waits.next();
  assert.equal(waits.said.length, 15);
  assert.match(waits.told.at(-1), /when the running cell ends/);
  const heard = stopping();
  await null;
  heard.halt.stop();
  heard.halt.stopping();
  for (let nth = 0; nth < 20; nth += 1) heard.next();
  assert.deepEqual([...new Set(heard.told)], ["Stopping …"]);
});

test("Stop goes on the control channel once, where the front end gives it", async () => {
  /** @type {any[]} */
  const hurried = [];
  const kernel = { clientId: "me", username: "ada", sendControlMessage: (/** @type {any} */ one) => hurried.push(one) };
  const { halt, next } = stopping({ kernel });
  await null;
  halt.stop();
  next();
  assert.equal(hurried.length, 1);
  const [{ channel, header, content }] = hurried;
  assert.deepEqual([channel, header.msg_type, header.session], ["control", "mojentic_nb_stop", "me"]);
  assert.deepEqual(content, { key: "turn", control: "c" });
});

test("it is a module as a widget wants it", () => {
  assert.equal(typeof widget.render, "function");
});
