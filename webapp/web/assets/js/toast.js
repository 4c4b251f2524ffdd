/* Short messages at the edge: from the server (HX-Trigger: toast), from flashes in the page, and about lost requests. */
import { icon, text } from "./texts.js";

const LOOKS = {
  info: ["info", "sea"],
  success: ["circle-check", "good"],
  warning: ["triangle-alert", "warm"],
  error: ["circle-alert", "bad"],
};
const SHOWN_MS = 6000;

/** Show a message; `action` is {label, url} of a link at its end. */
export function toast(message, kind = "info", action = null) {
  const region = document.getElementById("toasts");
  if (!region || !message) return;
  const [symbol, tone] = LOOKS[kind] ?? LOOKS.info;
  const box = document.createElement("div");
  box.className = `toast tone-${tone}`;
  const words = document.createElement("p");
  words.textContent = message;
  box.append(icon(symbol), words);
  if (action?.url) {
    const link = document.createElement("a");
    link.className = "act";
    link.href = action.url;
    link.textContent = action.label;
    box.append(link);
  }
  box.append(closeButton(box));
  region.append(box);
  if (kind !== "error") leaveLater(box);
}

function closeButton(box) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.setAttribute("aria-label", text("close"));
  close.append(icon("x"));
  close.addEventListener("click", () => box.remove());
  return close;
}

function leaveLater(box) {
  let timer = setTimeout(() => box.remove(), SHOWN_MS);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => {
    timer = setTimeout(() => box.remove(), SHOWN_MS);
  });
}

document.addEventListener("toast", (event) => {
  const { message, kind, action } = event.detail ?? {};
  toast(message ?? event.detail?.value, kind, action);
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  toast(problemText(xhr) ?? text("request_failed", { status: xhr.status }), "error");
});
document.addEventListener("htmx:sendError", () => toast(text("server_away"), "error"));
document.addEventListener("htmx:timeout", () => toast(text("server_away"), "error"));

/** The sentence of a problem document (RFC 9457) in a response, if it is one. */
function problemText(xhr) {
  if (!(xhr.getResponseHeader("Content-Type") ?? "").includes("json")) return null;
  try {
    const problem = JSON.parse(xhr.responseText);
    return problem.detail || problem.title || null;
  } catch {
    return null;
  }
}

for (const flash of document.querySelectorAll("[data-flash]")) toast(flash.textContent.trim(), flash.dataset.flash);
