/** The page's elements by their id. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** @param {string} id */
export const button = (id) => element(id, HTMLButtonElement);

/** @param {string} id */
export const input = (id) => element(id, HTMLInputElement);

/**
 * @param {HTMLElement} around
 * @returns {HTMLCanvasElement}
 */
export function canvasIn(around) {
  const canvas = around.querySelector("canvas");
  if (!canvas) throw new Error("a pane without a canvas");
  return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function drawing(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser cannot draw on a canvas");
  return context;
}

/** Topic of the notice. */
let topic = "";

/**
 * @param {string} words
 * @param {string} about topic, by which `unsay` removes the notice; the clean view shows only
 *     notices with a topic
 * @param {string} link words of a link to this page in its own window; none where they are empty
 */
export function say(words, about = "", link = "") {
  const notice = element("notice", HTMLParagraphElement);
  notice.hidden = !words;
  notice.textContent = words;
  notice.dataset.about = topic = about;
  if (!link) return;
  const { href } = location;
  notice.append(" ", Object.assign(document.createElement("a"),
    { href, target: "_blank", textContent: link }));
}

/**
 * Remove the notice if it has this topic.
 *
 * @param {string} about
 */
export function unsay(about) {
  if (topic === about) say("");
}

/**
 * Show one button of a group as pressed.
 *
 * @param {HTMLElement} group
 * @param {HTMLElement | null} chosen null: none
 */
export function press(group, chosen) {
  for (const each of group.querySelectorAll("button")) {
    each.setAttribute("aria-pressed", String(each === chosen));
  }
}
