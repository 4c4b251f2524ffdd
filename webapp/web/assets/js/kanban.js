/* The board: a card dropped on a stage posts its move; every card also has a menu that does the same by keyboard. */
import htmx from "htmx.org";

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-move-url]") ?? null;
  dragged?.classList.add("dragging");
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragging");
  dragged = null;
  for (const column of document.querySelectorAll(".board-col.over")) column.classList.remove("over");
});
document.addEventListener("dragover", (event) => {
  const column = event.target.closest?.("[data-stage]");
  if (!column || !dragged) return;
  event.preventDefault();
  for (const other of document.querySelectorAll(".board-col.over")) if (other !== column) other.classList.remove("over");
  column.classList.add("over");
});
document.addEventListener("drop", (event) => {
  const column = event.target.closest?.("[data-stage]");
  if (!column || !dragged) return;
  event.preventDefault();
  const board = column.closest(".board");
  if (dragged.closest("[data-stage]") === column) return;
  column.querySelector(".board-cards").prepend(dragged);
  const { moveUrl } = dragged.dataset;
  htmx.ajax("POST", moveUrl, { target: board, swap: "outerHTML", values: { stage: column.dataset.stage } });
});
