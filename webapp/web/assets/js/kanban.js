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
  move(dragged, board, column.dataset.stage);
});

function move(card, board, stage) {
  htmx.ajax("POST", card.dataset.moveUrl, { target: board, swap: "outerHTML", values: { stage } });
}

/* The menu of a card is filled when it opens, from the one list of stages that the board carries. */
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-moves]") || !menu.open) return;
    const stages = menu.closest(".board")?.querySelector("[data-board-moves]")?.content.cloneNode(true);
    if (!stages) return;
    const here = menu.closest("[data-stage]").dataset.stage;
    stages.querySelector(`[data-move-to="${CSS.escape(here)}"]`)?.remove();
    menu.querySelector(".panel").replaceChildren(stages);
  },
  true,
);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move-to]");
  if (button) move(button.closest("[data-move-url]"), button.closest(".board"), button.dataset.moveTo);
});
