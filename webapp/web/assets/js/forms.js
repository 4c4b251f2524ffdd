/* Small courtesies of forms: copy buttons, confirmations in words, submit on change, and the focus on the first error. */
import { text } from "./texts.js";
import { toast } from "./toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  toast(text("copied"), "success");
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form?.requestSubmit();
});

document.addEventListener("htmx:afterSettle", (event) => {
  event.target.querySelector?.('[aria-invalid="true"]')?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.target.closest?.("form.inline-form")?.querySelector("[data-cancel]")?.click();
});
