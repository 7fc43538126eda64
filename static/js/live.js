// What htmx does not say by itself: a lost connection, an ended session. And the first error gets the focus.
const notice = () => document.getElementById("connection");

document.addEventListener("htmx:sendError", () => { if (notice()) notice().hidden = false; });
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && notice()) notice().hidden = true;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  // The session ended: a sign-in page must not land inside a fragment of this one.
  if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith("/sign-in/")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

const failed = document.querySelector(".notice-bad[role=alert], .overtaken, .has-error :is(input, select, textarea)");
failed?.focus();
