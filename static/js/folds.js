// A fragment that is fetched again and again must not close what the reader has opened, nor scroll it back.
const open = new Set();

document.addEventListener("toggle", (event) => {
  const fold = event.target;
  if (!fold.id || !fold.matches("details")) return;
  if (fold.open) open.add(fold.id);
  else if (fold.isConnected) open.delete(fold.id);
}, true);

let places = new Map();
const scrollable = (root) => root.querySelectorAll("details[id] :is(.log, .table-region)");

document.addEventListener("htmx:beforeSwap", (event) => {
  places = new Map([...scrollable(event.detail.target)].map((pane) => [pane.closest("details").id, pane.scrollTop]));
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const pane of scrollable(document)) pane.scrollTop = places.get(pane.closest("details").id) ?? pane.scrollTop;
});
