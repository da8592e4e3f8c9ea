// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import widget, { deedOf } from "./index.js";

/** @type {import("./index.js").Deed[]} */
const DEEDS = [
  ["a", "A is better", "←", "ArrowLeft a"],
  ["both_bad", "Both bad", "x", "x"],
  ["undo", "Undo", "u", "u Backspace"],
  ["end", "Stop here", "", ""],
];

/**
 * @param {string} key
 * @param {object} [held]
 */
const press = (key, held = {}) => ({
  key, repeat: false, ctrlKey: false, metaKey: false, altKey: false, ...held,
});

for (const [key, deed] of [
  ["a", "a"], ["A", "a"], ["ArrowLeft", "a"], ["x", "both_bad"], ["u", "undo"],
  ["Backspace", "undo"], ["Enter", ""], [" ", ""], ["arrowleft", ""], ["ArrowUp", ""],
]) {
  test(`the key ${JSON.stringify(key)} does ${deed || "nothing"}`, () => {
    assert.equal(deedOf(press(key), DEEDS), deed);
  });
}

for (const held of ["repeat", "ctrlKey", "metaKey", "altKey"]) {
  test(`a key with ${held} is meant for something else`, () => {
    assert.equal(deedOf(press("a", { [held]: true }), DEEDS), "");
  });
}

test("it is a module as a widget wants it", () => {
  assert.equal(typeof widget.render, "function");
});
