// @ts-check
/**
 * What several widgets make their pages of.
 *
 * Law: words are placed as text. HTML comes from the kernel, sanitised; here it is read in a
 * document that cannot act, and loses all but a short list of elements and attributes.
 */

const SILENT = "No answer: the kernel is busy, or was restarted.";
const SILENT_MS = 4000;
const TAGS =
  /^([abipsu]|blockquote|br|caption|code|d[dlt]|del|details|div|em|h\d|hr|ins|li|ol|pre|small|span|strong|summary|t[dhr]|table|tbody|thead|ul)$/;

/**
 * An element of a class with a text in it, and attributes.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} name @param {string} [text] @param {Record<string, string>} [given]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, name, text = "", given = {}) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  for (const key in given) made.setAttribute(key, given[key]);
  return made;
}

/** A part with a name, which keys can scroll. @param {string} name @param {string} label */
export const region = (name, label) =>
  element("div", name, "", { role: "region", tabindex: "0", "aria-label": label });

/** The frame of a widget. @param {string} name @param {string} label */
export const frame = (name, label) =>
  element("div", `mojentic-nb-widget ${name}`, "", { role: "group", "aria-label": label });

/** Words that are read out when they change. */
export const status = () => element("p", "quiet", "", { role: "status" });

/** Put HTML where it is shown. @param {Element} into @param {string} html */
export function plant(into, html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const one of body.querySelectorAll("*")) {
    if (!TAGS.test(one.localName)) one.remove();
    for (const { name, value } of [...one.attributes]) {
      const isLink = name === "href" && /^(https?:|mailto:)/i.test(value);
      const isLook = /^(align|class|data-t|start|style)$/.test(name) && !/[\\(@]/.test(value);
      if (!isLink && !isLook) one.removeAttribute(name);
      if (isLink) {
        one.setAttribute("rel", "noopener noreferrer nofollow");
        one.setAttribute("target", "_blank");
      }
    }
  }
  into.replaceChildren(...body.childNodes);
}

/**
 * Says a thing to the kernel, and tells where it stays silent; says nothing more for none.
 *
 * @param {any} model @param {Element} said
 */
export function speaker(model, said) {
  let timer = 0;
  return (/** @type {object | null} */ message, text = "") => {
    clearTimeout(timer);
    said.textContent = text;
    if (!message) return;
    timer = window.setTimeout(() => (said.textContent = SILENT), SILENT_MS);
    model.send(message);
  };
}
