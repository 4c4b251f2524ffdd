/* Native dialogs: opened by [data-open="id"], closed by [data-close], by Escape, or by a press on the shade. */
import { typing } from "./texts.js";

/** Open a dialog above the page; its first [autofocus] field takes the focus. */
export function openDialog(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    event.preventDefault();
    opener.closest("details.menu")?.removeAttribute("open");
    openDialog(document.getElementById(opener.dataset.open));
    return;
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});

// A press that starts and ends on the shade closes; one that began inside (selecting text) does not.
let pressedOn = null;
document.addEventListener("pointerdown", (event) => {
  pressedOn = event.target;
});
document.addEventListener("click", (event) => {
  if (event.target.nodeName !== "DIALOG" || pressedOn !== event.target) return;
  const box = event.target.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) event.target.close();
});

// A fragment may bring an open dialog ([data-show]), and an answer may ask to close the one it came from.
document.addEventListener("htmx:load", (event) => {
  const dialog = event.target.matches?.("dialog[data-show]") ? event.target : event.target.querySelector?.("dialog[data-show]");
  openDialog(dialog);
});
document.addEventListener("dialog:close", (event) => {
  const dialog = event.target.closest?.("dialog[open]") ?? document.querySelector("dialog[open]");
  dialog?.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "?" && !typing(event)) openDialog(document.getElementById("shortcuts"));
});
