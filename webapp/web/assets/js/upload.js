/* Uploads: drag and drop, checks before the first byte leaves, and a bar that tells the truth. */
import { text } from "./texts.js";

const MEGABYTE = 1024 * 1024;

function parts(form) {
  return {
    zone: form.querySelector(".drop"),
    input: form.querySelector('input[type="file"]'),
    name: form.querySelector("[data-file-name]"),
    state: form.querySelector("[data-upload-state]"),
    error: form.querySelector("[data-upload-error]"),
    submit: form.querySelector('button[type="submit"]'),
  };
}

/** Why a file cannot be taken, in one sentence, or null. */
function objection(form, file) {
  const kinds = (form.dataset.kinds ?? "").split(",").filter(Boolean);
  const limit = Number(form.dataset.maxBytes) || Infinity;
  const ending = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
  if (kinds.length && !kinds.includes(ending)) return text("upload_kind", { name: file.name, kinds: kinds.join(", ") });
  if (file.size === 0) return text("upload_empty", { name: file.name });
  if (file.size > limit) {
    return text("upload_large", { name: file.name, size: Math.ceil(file.size / MEGABYTE), limit: Math.floor(limit / MEGABYTE) });
  }
  return null;
}

function show(form) {
  const { input, name, error, submit } = parts(form);
  const file = input.files[0];
  const wrong = file ? objection(form, file) : null;
  name.textContent = file ? `${file.name} · ${(file.size / MEGABYTE).toFixed(1)} ${text("megabytes")}` : "";
  name.hidden = !file || Boolean(wrong);
  error.hidden = !wrong;
  error.querySelector("span").textContent = wrong ?? "";
  input.setCustomValidity(wrong ?? "");
  input.setAttribute("aria-invalid", wrong ? "true" : "false");
  if (submit) submit.disabled = Boolean(wrong);
  if (file && !wrong && form.hasAttribute("data-auto")) form.requestSubmit();
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (form && event.target.type === "file") show(form);
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.(".drop");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("over", kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    const form = zone.closest("form[data-upload]");
    const { input } = parts(form);
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    show(form);
  });
}

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = event.target.closest?.("form[data-upload]");
  if (!form || !event.detail.lengthComputable) return;
  const { state } = parts(form);
  const share = event.detail.loaded / event.detail.total;
  state.hidden = false;
  state.querySelector("progress").value = share;
  const done = share >= 1 ? text("upload_checking") : text("upload_sent", { percent: Math.round(share * 100) });
  state.querySelector("span").textContent = done;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-upload]");
  if (!form) return;
  const { state, name, error } = parts(form);
  state.hidden = true;
  const { xhr, successful } = event.detail;
  if (successful) {
    form.reset();
    name.hidden = true;
    form.closest("details")?.removeAttribute("open"); // what was sent stands right below now
  } else if (xhr?.status === 413) {
    error.hidden = false;
    error.querySelector("span").textContent = text("upload_refused_size");
  }
});
