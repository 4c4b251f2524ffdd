/* The command palette: Ctrl-K or "/", records from the server as they are typed, commands of the page beside them. */
import { openDialog } from "./dialog.js";
import { typing } from "./texts.js";

const palette = () => document.getElementById("palette");
const field = () => document.getElementById("palette-query");

/** The entries that can be chosen now, in the order of the eye. */
function entries() {
  return [...palette().querySelectorAll(".palette-item:not([hidden])")].filter((item) => item.offsetParent !== null);
}

function select(item) {
  for (const other of palette().querySelectorAll('[aria-selected="true"]')) other.setAttribute("aria-selected", "false");
  if (!item) {
    field().removeAttribute("aria-activedescendant");
    return;
  }
  item.id ||= `palette-${Math.random().toString(36).slice(2, 9)}`;
  item.setAttribute("aria-selected", "true");
  item.scrollIntoView({ block: "nearest" });
  field().setAttribute("aria-activedescendant", item.id);
}

/** Commands are filtered here, by every typed word; records are found by the server. */
function filterCommands() {
  const words = field().value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of palette().querySelectorAll("[data-command]")) {
    const name = item.dataset.command.toLowerCase();
    item.hidden = !words.every((word) => name.includes(word));
  }
  for (const group of palette().querySelectorAll("[data-commands]")) {
    group.hidden = !group.querySelector("[data-command]:not([hidden])");
  }
  select(entries()[0]);
}

function openPalette() {
  openDialog(palette());
  field().select();
  filterCommands();
}

function move(step) {
  const all = entries();
  const now = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
  select(all[(now + step + all.length) % all.length]);
}

document.addEventListener("keydown", (event) => {
  if (!palette()) return;
  const hotkey = (event.ctrlKey || event.metaKey) && event.code === "KeyK";
  const slash = event.key === "/" && !typing(event) && !event.ctrlKey && !event.metaKey;
  if (hotkey || slash) {
    event.preventDefault();
    if (palette().open) palette().close();
    else openPalette();
    return;
  }
  if (!palette().open) return;
  // Escape would first empty a search field; here it closes at once.
  const keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: choose, Escape: () => palette().close() };
  const action = keys[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

function choose() {
  const chosen = palette().querySelector('[aria-selected="true"]');
  if (chosen) chosen.click();
  else field().form?.requestSubmit();
}

document.addEventListener("input", (event) => {
  if (event.target.id === "palette-query") filterCommands();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "palette-results") select(entries()[0]);
});
document.addEventListener("pointermove", (event) => {
  const item = event.target.closest?.(".palette-item");
  if (item && item.getAttribute("aria-selected") !== "true") select(item);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) openPalette();
  else if (event.target.closest(".palette-item")) palette()?.close();
});
