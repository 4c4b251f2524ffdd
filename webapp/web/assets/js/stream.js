/* The assistant's answer: posted by fetch, read as server-sent events while it is written.

   The server sends `token` {"text"}, then `done` {"html"} that replaces the answer, or `error` {"title", "detail"}. */
import htmx from "htmx.org";
import { csrfHeaders, text } from "./texts.js";

/** After so long without an end, the person is told that this is usual. */
const SLOW_MS = 6000;

/** Read one `event:`/`data:` block. */
function parseEvent(block) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value.replaceAll("\r\n", "\n");
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}

function newTurn(form, question) {
  const template = document.getElementById(form.dataset.template ?? "turn-template");
  const turn = template.content.firstElementChild.cloneNode(true);
  turn.querySelector("[data-question]").textContent = question;
  document.querySelector(form.dataset.target).append(turn);
  turn.scrollIntoView({ block: "nearest", behavior: "smooth" });
  return turn;
}

function showFailure(answer, message) {
  answer.classList.add("failed");
  answer.querySelector("[data-text]").textContent = message;
}

/** Ask, and write the answer into a new turn as it comes. */
async function ask(form, question) {
  const turn = newTurn(form, question);
  const answer = turn.querySelector("[data-answer]");
  const words = answer.querySelector("[data-text]");
  answer.setAttribute("aria-busy", "true");
  const patience = setTimeout(() => {
    answer.querySelector(".by span").textContent = text("answer_slow");
  }, SLOW_MS);
  try {
    const body = new FormData(form);
    body.set("question", question);
    const headers = { Accept: "text/event-stream", "HX-Request": "true", ...csrfHeaders() };
    const response = await fetch(form.action, { method: "POST", body, headers });
    if (!response.ok || !response.body) throw new Error(await failureText(response));
    let ended = false;
    for await (const { name, data } of events(response)) {
      if (name === "token") words.textContent += data.text;
      if (name === "error") throw new Error(data.detail || data.title);
      if (name === "done") {
        ended = true;
        answer.outerHTML = data.html;
        htmx.process(turn);
      }
    }
    if (!ended) throw new Error(text("answer_broken"));
  } catch (error) {
    showFailure(answer, error instanceof TypeError ? text("server_away") : error.message);
  } finally {
    clearTimeout(patience);
    answer.removeAttribute("aria-busy");
  }
}

async function failureText(response) {
  const kind = response.headers.get("Content-Type") ?? "";
  if (!kind.includes("json")) return text("request_failed", { status: response.status });
  const problem = await response.json();
  return problem.detail || problem.title || text("request_failed", { status: response.status });
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-stream]");
  if (!form) return;
  event.preventDefault();
  const field = form.elements.question;
  const question = field.value.trim();
  if (!question || form.dataset.busy) return;
  form.dataset.busy = "yes";
  document.querySelector(form.dataset.target)?.parentElement?.querySelector("[data-before-first]")?.remove();
  field.value = "";
  ask(form, question).finally(() => delete form.dataset.busy);
});

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("form[data-stream] textarea");
  if (field && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form.requestSubmit();
  }
});
document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-ask]");
  if (!example) return;
  const form = document.querySelector("form[data-stream]");
  form.elements.question.value = example.dataset.ask;
  form.requestSubmit();
});
