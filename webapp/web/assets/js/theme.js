/* Theme: the server wrote the person's choice into the page already; a new choice shows before it is stored. */
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-preferences]");
  if (!form) return;
  if (event.target.name === "theme") document.documentElement.dataset.theme = event.target.value;
  form.requestSubmit();
});
