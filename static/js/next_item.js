// The next item arrives in the answer that took the last one. It must be noticed, and complaints must be shown.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  // 409: changed elsewhere meanwhile; 422: a field needs attention. Both bring the page that says so.
  if (target.id === "main" && [409, 422].includes(xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("htmx:load", (event) => {
  const main = event.target;
  if (main.id !== "main") return;
  const first = main.querySelector("[role=alert][tabindex], .has-error :is(input, select, textarea), [autofocus]");
  (first || main).focus({ preventScroll: !first });
  if (!first) window.scrollTo(0, 0);
});
