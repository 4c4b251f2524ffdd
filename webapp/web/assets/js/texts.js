/* Words that scripts show, in the person's language: the page brings them in one meta element. */
const source = document.querySelector('meta[name="ostrov-texts"]');
const words = source ? JSON.parse(source.content) : {};

/** The text with this key, with `{name}` places filled in. */
export function text(key, values = {}) {
  const found = words[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Headers that every request of ours carries. */
export function csrfHeaders() {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  return token ? { "X-CSRFToken": token } : {};
}

/** An element of the icon sprite. */
export function icon(name) {
  const sprite = document.querySelector('meta[name="ostrov-icons"]')?.content ?? "";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** Whether a key press belongs to a field that the person types in. */
export function typing(event) {
  return event.target.closest?.('input:not([type="range"]), textarea, select, [contenteditable="true"]') !== null;
}
