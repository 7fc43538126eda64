// The next item, or the page that says what needs attention, arrives in the answer. It must be noticed.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  // The button that was pressed, even if the focus has left it while the request waited: skipping is not submitting.
  const button = detail.triggeringEvent?.submitter;
  if (button?.name) detail.parameters[button.name] = button.value;
});

// The queue's own page shows an item that has an address of its own.
const own = document.querySelector("link[rel=canonical]");
if (own && new URL(own.href).pathname !== location.pathname) history.replaceState(history.state, "", own.href);

// A page kept by the browser shows an item as it was: it may be done by now.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

document.addEventListener("htmx:load", (event) => {
  const main = event.target;
  if (main.id !== "main") return;
  const first = main.querySelector("[role=alert][tabindex], .has-error :is(input, select, textarea), [autofocus]");
  (first || main).focus({ preventScroll: !first });
  first?.closest(".criterion")?.scrollIntoView({ block: "nearest" });
  if (!first) window.scrollTo(0, 0);
});
