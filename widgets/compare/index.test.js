// @ts-check
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import widget, { led } from "./index.js";
import { speaker } from "../page.js";

/** @type {[string, [number, number], [number, number] | null][]} */
const KEYS = [
  ["ArrowDown", [1, 1], [2, 1]],
  ["ArrowUp", [1, 1], [0, 1]],
  ["ArrowRight", [1, 1], [1, 2]],
  ["ArrowLeft", [1, 1], [1, 0]],
  ["ArrowUp", [0, 0], [0, 0]],
  ["ArrowLeft", [0, 0], [0, 0]],
  ["ArrowDown", [4, 2], [4, 2]],
  ["ArrowRight", [4, 2], [4, 2]],
  ["Home", [3, 1], [0, 1]],
  ["End", [1, 1], [4, 1]],
  ["Tab", [1, 1], null],
  ["x", [1, 1], null],
];

for (const [key, from, to] of KEYS) {
  test(`${key} leads from ${from} to ${to}`, () => assert.deepEqual(led(key, from, [5, 3]), to));
}

test("where nothing is left a key leads to the first", () => {
  assert.deepEqual(led("End", [0, 0], [0, 3]), [0, 0]);
});

test("a kernel that says nothing is told of, and one that does is not", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const before = globalThis.window;
  globalThis.window = /** @type {any} */ (globalThis);
  /** @type {object[]} */
  const sent = [];
  const said = /** @type {any} */ ({ textContent: "" });
  const say = speaker({ send: (/** @type {object} */ one) => sent.push(one) }, said);

  say({ type: "look" });
  say(null, "done");
  mock.timers.tick(60_000);
  assert.deepEqual([sent, said.textContent], [[{ type: "look" }], "done"]);

  say({ type: "open" });
  assert.equal(said.textContent, "");
  mock.timers.tick(60_000);
  assert.match(said.textContent, /kernel/);
  mock.timers.reset();
  globalThis.window = before;
});

test("it is a module as a widget wants it", () => {
  assert.equal(typeof widget.render, "function");
});
