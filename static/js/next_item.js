// The next item, or the page that says what needs attention, arrives in the answer. It must be noticed.
document.addEventListener("htmx:load", (event) => {
  const main = event.target;
  if (main.id !== "main") return;
  const first = main.querySelector("[role=alert][tabindex], .has-error :is(input, select, textarea), [autofocus]");
  (first || main).focus({ preventScroll: !first });
  if (!first) window.scrollTo(0, 0);
});
