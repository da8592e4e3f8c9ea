// @ts-check
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import widget from "./index.js";
import { asker } from "./parts.js";
import {
  choices, deedOf, extent, fits, inSight, listed, moved, rowsOf, seconds, summary, ticks, walked,
  zoomed,
} from "./spans.js";

const NONE = { text: "", model: "", tool: "", status: "" };

/**
 * Rows of a table, by id, parent's id and what else is given.
 *
 * @param {[string, string, object?][]} spans
 */
function table(spans) {
  const usual = {
    kind: "llm", name: "m", model: "m", status: "ok", words: "", hue: "", full: 1,
    start: 0, takes: 1, first: null, wait: null, tokens: null, cost: null,
  };
  const ids = spans.map(([id]) => id);
  /** @type {any} */
  const made = { texts: [], id: ids, parent: spans.map(([, parent]) => ids.indexOf(parent)) };
  for (const [name, value] of Object.entries(usual)) {
    made[name] = spans.map(([, , given]) => {
      const one = /** @type {any} */ (given ?? {})[name] ?? value;
      if (typeof one !== "string") return one;
      if (!made.texts.includes(one)) made.texts.push(one);
      return made.texts.indexOf(one);
    });
  }
  return made;
}

/** @type {[string, string, object?][]} */
const SPANS = [
  ["turn", "", { kind: "chat_turn", name: "turn", model: "", takes: 4, tokens: 99 }],
  ["ask", "turn", { name: "gemma", model: "gemma", tokens: 60, cost: 0.002, takes: 1 }],
  ["other", "", { name: "gpt", model: "gpt", status: "error", start: 5, words: "✗ Late" }],
  ["use", "turn", { kind: "tool", name: "weather", model: "", start: 1, takes: 2, words: "Rome" }],
  ["deep", "use", { name: "weather", model: "gpt", start: 2, takes: 0.5 }],
];
const ROWS = rowsOf(table(SPANS));
const ids = (/** @type {{row: {id: string}}[]} */ list) => list.map((one) => one.row.id).join(" ");

test("rows come in the order of their tree", () => {
  const order = ROWS.map((row) => `${row.depth}${row.id}`).join(" ");
  assert.equal(order, "0turn 1ask 1use 2deep 0other");
  assert.deepEqual(ROWS.map((row) => row.isParent), [true, false, true, false, false]);
});

test("a circle of parents ends, and an empty table is no rows", () => {
  const circle = rowsOf(table([["a", "b"], ["b", "a"], ["c", "c"]]));
  assert.deepEqual(circle.map((row) => row.id).sort(), ["a", "b", "c"]);
  assert.deepEqual(rowsOf({}), []);
});

for (const [filter, found] of [
  [{ model: "gpt" }, "turn use deep other"],
  [{ tool: "weather" }, "turn use"],
  [{ status: "error" }, "other"],
  [{ text: " ROME " }, "turn use"],
  [{ text: "late", model: "gpt" }, "other"],
  [{ text: "nowhere" }, ""],
]) {
  test(`of ${JSON.stringify(filter)} what fits is listed with what it is inside of`, () => {
    const whole = { ...NONE, .../** @type {object} */ (filter) };
    const list = listed(ROWS, whole, new Set(["turn"]));
    assert.equal(ids(list), found);
    assert.ok(list.every((one) => one.fits === fits(one.row, whole)));
  });
}

test("what is folded hides all below it, and nothing else", () => {
  assert.equal(ids(listed(ROWS, NONE, new Set())), "turn ask use deep other");
  assert.equal(ids(listed(ROWS, NONE, new Set(["use"]))), "turn ask use other");
  assert.equal(ids(listed(ROWS, NONE, new Set(["turn", "use"]))), "turn other");
});

test("filters offer what there is", () => {
  const { models, tools, statuses } = choices(ROWS);
  assert.deepEqual([models, tools, statuses], [["gemma", "gpt"], ["weather"], ["error", "ok"]]);
});

test("sums count calls and tools, and no call twice", () => {
  assert.equal(summary(ROWS), "3 calls · 1 tool · 6.00 s · 60 tok · $0.0020 · 1 error");
  assert.equal(summary([]), "0 calls");
});

for (const [value, beside, written] of [
  [null, 0, "–"], [0, 0, "0 ms"], [0.012, 0, "12 ms"], [0.0004, 0, "0.4 ms"],
  [0.00001, 0, "<0.1 ms"], [0.012, 1, "0.01 s"], [0.84, 0, "0.84 s"],
  [12.34, 0, "12.3 s"], [185, 0, "3 min 05 s"],
  [59.96, 0, "1 min 00 s"], [7300, 0, "2 h 01 min"], [NaN, 0, "–"],
]) {
  test(`${value} s beside ${beside} s is written ${written}`, () => {
    assert.equal(seconds(/** @type {any} */ (value), Number(beside)), written);
  });
}

test("a zoom keeps what is under the pointer, and stays inside", () => {
  const all = { from: 0, to: 10 };
  assert.deepEqual(zoomed(all, all, 0.5, 5), { from: 2.5, to: 7.5 });
  assert.deepEqual(zoomed(all, all, 0.5, 0), { from: 0, to: 5 });
  assert.deepEqual(zoomed({ from: 8, to: 10 }, all, 2), { from: 6, to: 10 });
  assert.deepEqual(zoomed({ from: 2, to: 4 }, all, 100), all);
  const least = zoomed({ from: 2, to: 2.00002 }, all, 0.001);
  assert.ok(least.to > least.from);
  assert.deepEqual(moved({ from: 2, to: 4 }, all, 3), { from: 5, to: 7 });
  assert.deepEqual(moved({ from: 2, to: 4 }, all, 99), { from: 8, to: 10 });
  assert.deepEqual(moved({ from: 2, to: 4 }, all, -99), { from: 0, to: 2 });
});

test("all of it is never nothing", () => {
  assert.deepEqual(extent(ROWS), { from: 0, to: 6 });
  assert.deepEqual(extent([]), { from: 0, to: 1 });
  const { from, to } = extent([{ ...ROWS[0], takes: 0 }]);
  assert.ok(to > from);
});

for (const [view, labels] of [
  [{ from: 0, to: 6 }, "0 s,1 s,2 s,3 s,4 s,5 s"],
  [{ from: 0, to: 0.2 }, "0 ms,50 ms,100 ms,150 ms"],
  [{ from: 2.5, to: 2.6 }, "2.5 s,2.52 s,2.54 s,2.56 s,2.58 s"],
  [{ from: 0, to: 1200 }, "0 min,5 min,10 min,15 min"],
]) {
  test(`the scale of ${JSON.stringify(view)}`, () => {
    assert.equal(ticks(/** @type {any} */ (view)).map((one) => one.label).join(), labels);
  });
}

/** @param {string} key @param {object} [held] */
function press(key, held = {}) {
  return { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held };
}

test("each key has one deed, and those held with Ctrl are the notebook's", () => {
  const keys = ["ArrowDown", "ArrowLeft", "Home", "Enter", " ", "Escape", "+", "-", "0", "x"];
  const deeds = ["down", "fold", "top", "open", "open", "close", "in", "out", "fit", ""];
  assert.deepEqual(keys.map((key) => deedOf(press(key), false)), deeds);
  assert.equal(deedOf(press("ArrowLeft", { shiftKey: true }), false), "earlier");
  assert.equal(deedOf(press("ArrowRight"), true), "later");
  for (const held of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(deedOf(press("Enter", { [held]: true }), false), "");
  }
});

test("a walk stays among the rows", () => {
  const ends = ["down", "up", "page", "back", "top", "bottom"].map((deed) => walked(2, deed, 5));
  assert.deepEqual(ends, [3, 1, 4, 0, 0, 4]);
  assert.equal(walked(0, "down", 0), 0);
});

test("only rows in sight are drawn, however many there are", () => {
  const [first, last] = inSight(24_000, 360, 24, 100_000);
  assert.ok(first <= 1000 && last >= 1015 && last - first < 40);
  assert.deepEqual(inSight(0, 360, 24, 3), [0, 3]);
});

test("a thing is asked again until it is answered; silence is told", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {any[]} */
  const heard = [];
  let silences = 0;
  const { ask, hears, hush } = asker((one) => heard.push(one), () => (silences += 1));
  const pass = (quarters = 100) => Array.from({ length: quarters }, () => mock.timers.tick(250));

  assert.equal(hears({}), false);
  ask({ type: "span" });
  mock.timers.tick(250);
  assert.equal(heard.length, 2);
  assert.equal(hears({ ask: "another" }), false);
  assert.equal(hears({ ask: heard[0].ask }), true);
  pass();
  assert.deepEqual([heard.length, silences], [2, 0]);

  ask({ type: "span" });
  pass(12);
  assert.deepEqual([heard.length, silences], [15, 1]);
  // A slow machine is asked on, more seldom, and not for ever; late is better than never.
  pass(12);
  assert.deepEqual([heard.length, silences], [18, 1]);
  pass();
  pass();
  assert.deepEqual([heard.length, silences], [34, 1]);
  assert.equal(hears({ ask: heard[13].ask }), true);

  const failing = asker(() => assert.fail("Cannot send"), () => (silences += 1));
  failing.ask({ type: "span" });
  assert.equal(silences, 2);
  silences = 1;

  ask({ type: "span" });
  hush();
  pass();
  assert.deepEqual([heard.length, silences], [35, 1]);
  mock.timers.reset();
});

test("it is a module as a widget wants it", () => {
  assert.equal(typeof widget.render, "function");
});
